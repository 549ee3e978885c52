package archive

import "go.uber.org/fx"

// Module provides what this package makes.
var Module = fx.Module("archive", fx.Provide(New))
