package site

import "go.uber.org/fx"

// Module provides what this package makes.
var Module = fx.Module("site", fx.Provide(New))
