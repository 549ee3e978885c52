package intake

import "go.uber.org/fx"

// Module provides the intake and its feed.
var Module = fx.Module("intake", fx.Provide(New, NewFeed))
