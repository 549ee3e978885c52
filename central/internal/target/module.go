package target

import "go.uber.org/fx"

// Module provides what this package makes.
var Module = fx.Module("target", fx.Provide(New))
