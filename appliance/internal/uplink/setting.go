package uplink

import (
	"context"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// Setting is something that Central keeps for the appliance. A check-in says
// what is held, and its answer brings what is newer.
type Setting interface {
	// Tell adds what is held to a check-in.
	Tell(ctx context.Context, m *centralv1.CheckInRequest) error
	// Take keeps what the answer brings of it, whole or not at all, and reports
	// whether anything changed. An answer without it changes nothing.
	Take(ctx context.Context, m *centralv1.CheckInResponse) (changed bool, err error)
}

// tell gathers what every setting has to say.
func (u *Uplink) tell(ctx context.Context, m *centralv1.CheckInRequest) error {
	for _, s := range u.Settings {
		if err := s.Tell(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// take gives every setting the answer. One that refuses keeps no other from
// taking its own.
func (u *Uplink) take(ctx context.Context, m *centralv1.CheckInResponse) {
	for _, s := range u.Settings {
		changed, err := s.Take(ctx, m)
		if err != nil {
			u.log.ErrorContext(ctx, "setting from central refused", "error", err)
		}
		if changed {
			u.Poke() // people at Central wait to see it taken
		}
	}
}
