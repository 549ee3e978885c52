package tenant

import "go.uber.org/fx"

// Module provides what this package makes.
var Module = fx.Module("tenant", fx.Provide(New))
