package order

import (
	"crypto/sha256"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/runbook"
)

// maxResult bounds a result: a check-in carries several.
const maxResult = 128 << 10

// plan adds what runs on such a target, in the order in which it does; false means
// that nothing can.
func (r *Runner) plan(out *centralv1.OrderResult, t script.Target, book *runbook.Runbook, params map[string]string) bool {
	road := book.Roads.WinRM
	if t.Kind.Platform() == "linux" {
		road = book.Roads.SSH
	}
	if road == nil || book.Platform != t.Kind.Platform() {
		return false
	}
	whole, err := book.ForScripts(road, params, r.Policy.Parameters)
	if err != nil {
		return false // the result says so
	}
	for _, name := range slices.Sorted(maps.Keys(whole)) {
		out.Parameters = append(out.Parameters, &trustv1.Parameter{Name: name, Value: whole[name]})
	}
	look := func(phase string) {
		for _, id := range book.Checks {
			if text, err := r.Catalogue.Texts().Facts(book.Platform, id); err == nil {
				out.Steps = append(out.Steps, step(phase, text, text.TimeoutSeconds, text.Reads, nil))
			}
		}
	}
	look("detect")
	if book.AlertOnly {
		return true
	}
	for _, p := range []*runbook.Phase{road.Snapshot, road.Remediate} {
		if p != nil {
			out.Steps = append(out.Steps, step(string(p.Script.Kind), p.Script, p.TimeoutSeconds, p.Reads, p.Writes))
		}
	}
	look("verify")
	if p := road.Rollback; p != nil {
		out.Steps = append(out.Steps, step(string(p.Script.Kind), p.Script, p.TimeoutSeconds, p.Reads, p.Writes))
	}
	return true
}

func step(phase string, text *runbook.Text, seconds int, reads, writes []string) *centralv1.OrderStep {
	sum := sha256.Sum256([]byte(text.Body))
	return &centralv1.OrderStep{
		Phase: phase, Path: text.Path, Sha256: sum[:], TimeoutSeconds: uint32(max(seconds, 0)), Reads: reads, Writes: writes, //nolint:gosec // a few hundred
	}
}

// bound leaves out what is too much: facts first, for the evidence has them all,
// then the steps, which the catalogue has.
func bound(out *centralv1.OrderResult) {
	for proto.Size(out) > maxResult {
		s := out.After
		if len(out.Before.GetFacts()) > len(s.GetFacts()) {
			s = out.Before
		}
		switch n := len(s.GetFacts()); {
		case n > 0:
			s.Facts = s.Facts[:n/2]
			out.LeftOut += uint32(n - n/2) //nolint:gosec // facts are few
		case len(out.Steps) > 0:
			out.LeftOut += uint32(len(out.Steps)) //nolint:gosec // steps are few
			out.Steps = nil
		case len(out.Phases) > 0:
			out.LeftOut += uint32(len(out.Phases)) //nolint:gosec // phases are few
			out.Phases = nil
		default:
			return // texts of a verdict have 4 KiB each
		}
	}
}
