package keyring

import "go.uber.org/fx"

// Dir is the data folder.
type Dir string

// Module provides the keys.
var Module = fx.Module("keyring", fx.Provide(func(dir Dir) (*Keyring, error) { return Load(string(dir)) }))
