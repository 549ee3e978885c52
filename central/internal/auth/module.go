package auth

import "go.uber.org/fx"

// Module provides what this package makes.
var Module = fx.Module("auth", fx.Provide(New))
