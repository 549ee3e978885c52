package scan

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/check"
)

// phaseSummary names the bundle on all workstations of a site.
const phaseSummary = "SiteWorkstationSummary"

// provedAgain is how often an unchanged summary is proved (D33).
const provedAgain = time.Hour

// told is the newest summary that is in evidence.
type told struct {
	at     time.Time
	counts map[string]string
}

// summarise proves how the site's workstations are, when that changed or an hour
// went by. The count says what was seen: a workstation that did not answer is
// unknown, one with an agent is the agent's to tell.
func (s *Scanner) summarise(ctx context.Context, c *cycle) {
	if !c.summary {
		return
	}
	counts, total, passing := s.counts(c)
	now := time.Now()
	c.mu.Lock()
	stale := !maps.Equal(counts, c.told.counts) || now.Sub(c.told.at) >= provedAgain
	never := c.told.counts == nil
	c.mu.Unlock()
	if !stale || total == 0 && never {
		return
	}
	b := &bundle.Bundle{
		BundleID: bundle.IDOf(phaseSummary + "/" + strconv.FormatInt(now.UnixNano(), 10)), Kind: bundle.KindObservation,
		DeviceType: "workstation", Source: "appliance", Phase: phaseSummary, Outcome: bundle.OutcomeNone, PostState: counts,
		ReceivedTime: bundle.At(now), MadeTime: bundle.At(now), DeploymentMode: "direct",
		Summary: fmt.Sprintf("%s: %d of %d workstations pass all checks that apply to them.", phaseSummary, passing, total),
	}
	if err := s.Evidence.Prove(ctx, b); err != nil {
		s.Log.WarnContext(ctx, "proving the summary of workstations", "error", err)
		return
	}
	c.mu.Lock()
	c.told = told{at: now, counts: counts}
	c.mu.Unlock()
}

// counts are how many workstations there are, by state and by check.
func (s *Scanner) counts(c *cycle) (counts map[string]string, total, passing int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := map[string]int{"total": 0, "passing": 0, "failing": 0, "unknown": 0, "not_applicable": 0, "watched": 0}
	for _, id := range c.checks {
		for _, status := range []check.Status{check.Pass, check.Fail, check.Unknown, check.NotApplicable} {
			sum[string(id)+"."+status.String()] = 0
		}
	}
	for _, m := range s.targets {
		if m.kind == script.Workstation {
			m.add(c.checks, sum)
		}
	}
	counts = make(map[string]string, len(sum))
	for name, n := range sum {
		counts[name] = strconv.Itoa(n)
	}
	return counts, sum["total"], sum["passing"]
}

// add counts one workstation in.
func (m *memory) add(ids []check.ID, sum map[string]int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	sum["total"]++
	if m.guarded {
		sum["watched"]++
		return
	}
	state := "not_applicable" // nothing was executed that could pass (D17)
	for _, id := range ids {
		status, seen := m.verdicts[id]
		if !seen {
			status = check.Unknown
		}
		sum[string(id)+"."+status.String()]++
		switch {
		case status == check.Fail:
			state = "failing"
		case status == check.Unknown && state != "failing":
			state = "unknown"
		case status == check.Pass && state == "not_applicable":
			state = "passing"
		}
	}
	sum[state]++
}
