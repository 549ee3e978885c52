package script

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/clock"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// OwnClock says how far the appliance's clock can be trusted; nil is not known.
type OwnClock interface{ Reading() *clock.Reading }

// Timed is a road that tells by the appliance's clock when a reply came, so that
// the host's can be compared. While that clock is not known to be right, it tells
// nothing, and nobody's is compared.
type Timed struct {
	Road  Road
	Clock OwnClock
}

// Run implements Road.
func (r Timed) Run(ctx context.Context, t Target, d *runbook.Document, idempotent bool) (*runbook.Reply, error) {
	reply, err := r.Road.Run(ctx, t, d, idempotent)
	if err != nil {
		return nil, err
	}
	if own := r.Clock.Reading(); own == nil || !own.Synchronised {
		reply.Exchange = runbook.Exchange{}
	} else {
		// What is still to be corrected is part of the error; a daemon may set the
		// bound without it.
		reply.Exchange.Error = time.Duration((own.MaxErrorMs + math.Abs(own.OffsetMs)) * float64(time.Millisecond))
	}
	return reply, nil
}

// thisClock names the appliance where agents name a time server.
const thisClock = "this appliance"

// withOffset adds what was measured of the host's clock to the facts of time_sync.
// A measurement that leaves open on which side of the limit the clock is, because
// the host was slow to answer, is none.
func withOffset(facts check.Facts, reply *runbook.Reply, p check.Parameters) check.Facts {
	low, high, ok := reply.Offset()
	if _, failed := facts.Get(check.FactError); !ok || failed {
		return facts
	}
	nearest, farthest := min(max(low, 0), high), max(high, -low) // of what it can be
	limit := offsetLimit(p)
	if nearest.Abs() < limit && farthest >= limit {
		return facts
	}
	row := check.FormatRow(check.Facts{
		{Name: "Server", Value: thisClock},
		// By how much the server is ahead, as agents tell it: at the least, because
		// the clock is somewhere from From to To.
		{Name: "Ms", Value: strconv.FormatInt(-nearest.Milliseconds(), 10)},
		{Name: "From", Value: strconv.FormatInt(-high.Milliseconds(), 10)},
		{Name: "To", Value: strconv.FormatInt(-low.Milliseconds(), 10)},
	})
	return append(facts[:len(facts):len(facts)], check.Fact{Name: check.FactClockOffset, Value: row})
}

// offsetLimit is the lowest of the check's limits.
func offsetLimit(p check.Parameters) time.Duration {
	lowest := time.Hour
	for _, parameter := range check.Defaults(check.TimeSync) {
		text := parameter.Default
		if p != nil {
			if set, ok := p(parameter.Name); ok {
				text = set
			}
		}
		seconds, err := strconv.ParseUint(text, 10, 16)
		if err != nil { // the judge takes the default, too
			seconds, _ = strconv.ParseUint(parameter.Default, 10, 16)
		}
		lowest = min(lowest, max(time.Duration(seconds)*time.Second, time.Second))
	}
	return lowest
}
