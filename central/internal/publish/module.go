package publish

import "go.uber.org/fx"

// Module provides what this package makes.
var Module = fx.Module("publish", fx.Provide(New))
