package credential

import "go.uber.org/fx"

// Module provides what this package makes.
var Module = fx.Module("credential", fx.Provide(New))
