package uplink

import (
	"context"

	"connectrpc.com/connect"
)

// road is one of the two things that are brought to Central.
type road int

const (
	roadCheckIn road = iota
	roadEvidence
	roads
)

// standing is what Central's last answers were.
type standing struct {
	away    bool          // the last call failed, and not by a refusal
	refused [roads]string // what Central said; empty once it takes things again
}

// refusal is what Central said if it refused for good, or empty: the same
// request gets the same answer until somebody changes something.
func refusal(err error) string {
	switch connect.CodeOf(err) {
	case connect.CodeInvalidArgument, connect.CodeAlreadyExists, connect.CodeFailedPrecondition,
		connect.CodePermissionDenied, connect.CodeUnauthenticated:
		return err.Error()
	default:
		return ""
	}
}

// take follows one answer and says what is new.
func (s *standing) take(r road, err error) (awayChanged, refusedChanged bool) {
	refused, before := refusal(err), *s
	s.away = err != nil && refused == ""
	if !s.away { // while Central is away, a refusal stands
		s.refused[r] = refused
	}
	return s.away != before.away, s.refused[r] != before.refused[r]
}

// reached remembers what Central answered and logs when that changes.
func (u *Uplink) reached(ctx context.Context, r road, err error) {
	if ctx.Err() != nil {
		return
	}
	u.mu.Lock()
	awayChanged, refusedChanged := u.standing.take(r, err)
	now := u.standing
	u.mu.Unlock()
	switch {
	case awayChanged && now.away:
		u.log.WarnContext(ctx, "central is away", "error", err)
	case awayChanged:
		u.log.InfoContext(ctx, "central is back")
	}
	switch refused := now.refused[r] != ""; {
	case !refusedChanged:
	case refused && r == roadEvidence:
		u.log.ErrorContext(ctx, "evidence refused by central", "error", err)
	case refused:
		u.log.ErrorContext(ctx, "check-in refused by central", "error", err)
	case r == roadEvidence:
		u.log.InfoContext(ctx, "evidence taken by central again")
	default:
		u.log.InfoContext(ctx, "check-in taken by central again")
	}
}

// Away reports whether the last call did not reach Central.
func (u *Uplink) Away() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.standing.away
}

// Refused is what Central said when it refused evidence or check-ins, which
// waiting does not mend; empty while it takes them.
func (u *Uplink) Refused() (evidence, checkIn string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.standing.refused[roadEvidence], u.standing.refused[roadCheckIn]
}
