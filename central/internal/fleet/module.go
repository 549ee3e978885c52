package fleet

import "go.uber.org/fx"

// Module provides what this package makes.
var Module = fx.Module("fleet", fx.Provide(New))
