package audit

import "go.uber.org/fx"

// Module provides what this package makes.
var Module = fx.Module("audit", fx.Provide(New))
