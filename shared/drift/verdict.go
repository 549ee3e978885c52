package drift

import (
	"fmt"
	"time"

	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/catalog"
	"github.com/osiriscare/osiris/shared/check"
)

// Verdict is a check's verdict with where and when it came about.
type Verdict struct {
	check.Verdict
	// DriftType is the catalogue's name for the check's failure. Where the
	// catalogue lacks it, it is empty from an agent and the sensor's own word
	// from a sensor.
	DriftType string
	// Known is false for a check or drift type that the catalogue lacks: it is
	// stored and shown, and no rule heals it.
	Known bool
	// Cause is first, change, heartbeat or heal.
	Cause string
	// ObservedAt is the sender's clock when the facts were read.
	ObservedAt time.Time
}

// State is the whole truth of a host at one moment (D5).
type State struct {
	Verdicts []Verdict
	Cause    string
}

func (c *conversion) verdict(m *compliancev1.Verdict) (*Verdict, error) {
	id, err := identifier("check id", m.GetCheckId())
	if err != nil {
		return nil, err
	}
	status, err := statusOf(m.GetStatus())
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", id, err)
	}
	v := &Verdict{Verdict: check.Verdict{Check: check.ID(id), Status: status}}
	for _, f := range []struct {
		name, from string
		to         *string
	}{
		{"actual", m.GetActual(), &v.Actual},
		{"expected", m.GetExpected(), &v.Expected},
		{"reason", m.GetReason(), &v.Reason},
	} {
		if *f.to, err = text(f.name, f.from); err != nil {
			return nil, fmt.Errorf("check %s: %w", id, err)
		}
	}
	if v.Cause, err = word("cause", m.GetCause()); err != nil {
		return nil, fmt.Errorf("check %s: %w", id, err)
	}
	if v.Facts, err = facts(m.GetFacts()); err != nil {
		return nil, fmt.Errorf("check %s: %w", id, err)
	}
	v.ObservedAt = c.time(m.GetObservedMs())
	known, ok := catalog.Find(v.Check)
	if ok {
		v.Check, v.DriftType, v.Known = known.ID, known.DriftType, true
	}
	if v.Severity, err = severity(m.GetSeverity(), status, known.Severity); err != nil {
		return nil, fmt.Errorf("check %s: %w", id, err)
	}
	return v, nil
}

func statusOf(s compliancev1.Status) (check.Status, error) {
	if s < compliancev1.Status_STATUS_PASS || s > compliancev1.Status_STATUS_NOT_APPLICABLE {
		return 0, fmt.Errorf("%w: status %d is none of pass, fail, unknown, not_applicable", ErrMalformed, s)
	}
	return check.Status(s), nil
}

// state refuses a report that has two verdicts on one check: which one holds
// would depend on the order.
func (c *conversion) state(m *compliancev1.StateReport) (*State, error) {
	if n := len(m.GetVerdicts()); n > MaxVerdicts {
		return nil, fmt.Errorf("%w: %d verdicts in a state report, at most %d", ErrTooLarge, n, MaxVerdicts)
	}
	cause, err := word("cause", m.GetCause())
	if err != nil {
		return nil, err
	}
	s := &State{Cause: cause}
	seen := map[check.ID]bool{}
	for _, verdict := range m.GetVerdicts() {
		v, err := c.verdict(verdict)
		if err != nil {
			return nil, err
		}
		if seen[v.Check] {
			return nil, fmt.Errorf("%w: two verdicts on %s in a state report", ErrMalformed, v.Check)
		}
		seen[v.Check] = true
		s.Verdicts = append(s.Verdicts, *v)
	}
	return s, nil
}

// severity keeps a failure's severity, takes the catalogue's or medium where
// none is stated, and drops one that is stated beside anything but a failure.
func severity(stated string, status check.Status, usual string) (string, error) {
	switch stated {
	case "", "critical", "high", "medium", "low":
	default:
		return "", fmt.Errorf("%w: severity %.20q is none of critical, high, medium, low", ErrMalformed, stated)
	}
	switch {
	case status != check.Fail:
		return "", nil
	case stated != "":
		return stated, nil
	case usual != "":
		return usual, nil
	default:
		return "medium", nil
	}
}

func facts(in []*compliancev1.Fact) (check.Facts, error) {
	if len(in) > MaxFacts {
		return nil, fmt.Errorf("%w: %d facts, at most %d", ErrTooLarge, len(in), MaxFacts)
	}
	out := make(check.Facts, 0, len(in))
	for _, f := range in {
		name, err := identifier("fact name", f.GetName())
		if err != nil {
			return nil, err
		}
		value, err := text("fact "+name, f.GetValue())
		if err != nil {
			return nil, err
		}
		out = append(out, check.Fact{Name: name, Value: value})
	}
	return out, nil
}
