package script

import (
	"context"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/shared/catalog"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
	"github.com/osiriscare/osiris/shared/runbook"
)

// sight is how a host was seen once: the verdicts of a runbook's checks.
type sight struct {
	verdicts []check.Verdict
	facts    check.Facts // of all
	reason   string      // of the worst
}

// look runs the facts scripts of the runbook's checks and judges.
func (x *execution) look(ctx context.Context) (*sight, error) {
	texts := make([]*runbook.Text, 0, len(x.book.Checks))
	limit := margin
	for _, id := range x.book.Checks {
		text, err := x.Catalogue.Texts().Facts(x.target.Kind.Platform(), id)
		if err != nil {
			return nil, fmt.Errorf("finding the facts script of %s: %w", id, err)
		}
		texts = append(texts, text)
		limit += text.Timeout()
	}
	d, err := x.Catalogue.Document(texts...)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	reply, err := x.Road.Run(limited, x.target, d, true)
	if err != nil {
		return nil, err
	}
	s := &sight{}
	for _, v := range Judge(reply, x.book.Checks, x.Policy.Parameters) {
		s.verdicts = append(s.verdicts, v)
		s.facts = append(s.facts, v.Facts...)
		if s.reason == "" || worse(v.Status, s.worst()) {
			s.reason = v.Reason
		}
	}
	return s, nil
}

// Judge gives the verdict of each check on a reply. What a host cannot say by
// itself, how far its clock is off, comes from the exchange.
func Judge(reply *runbook.Reply, ids []check.ID, policy func(check.ID) check.Parameters) []check.Verdict {
	out := make([]check.Verdict, 0, len(ids))
	for _, id := range ids {
		facts := reply.FactsOf(id)
		if id == check.TimeSync {
			facts = withOffset(facts, reply, policy(id))
		}
		out = append(out, check.Judge(id, facts, policy(id)))
	}
	return out
}

// rank orders what needs attention last.
func rank(s check.Status) int {
	switch s {
	case check.Fail:
		return 3
	case check.Unknown:
		return 2
	case check.Pass:
		return 1
	case check.NotApplicable:
	}
	return 0
}

func worse(a, b check.Status) bool { return rank(a) > rank(b) }

// worst is the worst status but for the newest verdict's.
func (s *sight) worst() check.Status {
	worst := check.NotApplicable
	for _, v := range s.verdicts[:len(s.verdicts)-1] {
		if worse(v.Status, worst) {
			worst = v.Status
		}
	}
	return worst
}

func (s *sight) any(status check.Status) bool {
	for _, v := range s.verdicts {
		if v.Status == status {
			return true
		}
	}
	return false
}

// passes tells whether the check was executed and passes, and nothing else of the
// runbook fails or is unknown.
func (s *sight) passes(id check.ID) bool {
	if s.any(check.Fail) || s.any(check.Unknown) {
		return false
	}
	for _, v := range s.verdicts {
		if v.Check == id {
			return v.Status == check.Pass
		}
	}
	return false
}

// owner is who sets what a failed check found, if somebody else does, or
// ownerUnknown.
func (s *sight) owner() string {
	for _, v := range s.verdicts {
		if _, hidden := v.Facts.Get(check.FactOwner + check.ErrorSuffix); hidden && v.Status == check.Fail {
			return ownerUnknown
		}
		if owner, _ := v.Facts.Get(check.FactOwner); owner != "" && v.Status == check.Fail {
			return owner
		}
	}
	return ""
}

// ownerUnknown is where the host could not tell what group policy applied.
const ownerUnknown = "unknown"

// verdict is a check's, as events carry it.
func (s *sight) verdict(id check.ID, at time.Time) *drift.Verdict {
	for _, v := range s.verdicts {
		if v.Check == id {
			out := Known(v, "heal", at)
			return &out
		}
	}
	return nil
}

// Known adds what the catalogue knows of a verdict's check, and cause and time.
func Known(v check.Verdict, cause string, at time.Time) drift.Verdict {
	out := drift.Verdict{Verdict: v, Cause: cause, ObservedAt: at}
	if c, ok := catalog.Find(v.Check); ok {
		out.Known, out.DriftType = true, c.DriftType
	}
	if len(out.Facts) > drift.MaxFacts {
		out.Facts = out.Facts[:drift.MaxFacts]
	}
	return out
}
