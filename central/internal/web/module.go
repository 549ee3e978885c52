package web

import "go.uber.org/fx"

// Module provides what this package makes.
var Module = fx.Module("web", fx.Provide(New))
