package order

import (
	"go.uber.org/fx"

	"github.com/osiriscare/osiris/shared/runbook"
)

// Module provides what this package makes, and the catalogue that orders choose
// from.
var Module = fx.Module("order", fx.Provide(runbook.Load, New))
