package fleet

import (
	"time"

	"github.com/osiriscare/osiris/central/internal/store"
)

// After reads the key of the last row of the page before, for lists that another
// package makes.
func (p Page) After(key any) error { return p.after(key) }

// Limit is how many rows the page has at most.
func (p Page) Limit() int { return p.limit() }

// Next is the token after a row.
func Next(key any) string { return next(key) }

// ApplianceState is online, stale, offline or never.
func ApplianceState(a store.Appliance, now time.Time) string {
	return applianceState(a.CheckIn.AtMs, now)
}
