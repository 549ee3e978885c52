package witness

import "go.uber.org/fx"

// Module provides what this package makes.
var Module = fx.Module("witness", fx.Provide(New))
