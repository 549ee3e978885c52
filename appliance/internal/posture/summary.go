package posture

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/check"
)

// phaseSummary names the bundle on a site's network.
const phaseSummary = "SiteNetworkSummary"

// provedAgain is how often an unchanged summary is proved (D33).
const provedAgain = time.Hour

// told is the newest summary that is in evidence.
type told struct {
	at    time.Time
	state map[string]string
}

// finish logs a sweep, and proves what was looked at and how, when that changed or
// an hour went by.
func (s *Scanner) finish(ctx context.Context, t *tally, began time.Time) {
	now := time.Now()
	looked := 0
	for _, d := range t.found.devices {
		if !d.excluded {
			looked++
		}
	}
	counts := map[string]int{
		"addresses": t.found.addresses, "devices": looked, "new": t.new, "away": t.away, "excluded": t.found.excluded, "unasked": t.found.unasked,
		"unfinished": t.unfinished, "unlooked": t.unlooked, "open_ports": t.ports,
	}
	s.mu.Lock()
	s.counts = counts
	state := s.state(t, counts)
	stale := !maps.Equal(lasting(state), lasting(s.told.state)) || now.Sub(s.told.at) >= provedAgain
	s.mu.Unlock()
	s.Log.InfoContext(ctx, "sweep ended", "addresses", t.found.addresses, "devices", looked, "new", t.new, "away", t.away,
		"excluded", t.found.excluded, "unfinished", t.unfinished, "unlooked", t.unlooked, "open_ports", t.ports,
		"connections", s.dial.made.Load(), "took_ms", now.Sub(began).Milliseconds())
	if !stale {
		return
	}
	b := &bundle.Bundle{
		BundleID: bundle.IDOf(phaseSummary + "/" + strconv.FormatInt(now.UnixNano(), 10)), Kind: bundle.KindObservation,
		Source: "appliance", Phase: phaseSummary, Outcome: bundle.OutcomeNone, PostState: state,
		ReceivedTime: bundle.At(now), MadeTime: bundle.At(now), DeploymentMode: "direct",
		Summary: fmt.Sprintf("%s: addresses asked %d, devices looked at %d, new %d, away %d.",
			phaseSummary, t.found.addresses, looked-t.unlooked, t.new, t.away),
	}
	if err := s.Evidence.Prove(ctx, b); err != nil {
		t.fail(fmt.Errorf("proving the summary of the network: %w", err))
		return
	}
	s.mu.Lock()
	s.told = told{at: now, state: state}
	s.mu.Unlock()
}

// state is what evidence says of a sweep: where it looked, what it left alone, and
// how many devices each check came out for.
func (s *Scanner) state(t *tally, counts map[string]int) map[string]string {
	out := map[string]string{
		"ranges": texts(s.cfg.Ranges), "excluded_networks": texts(s.cfg.Exclude.Networks),
		"excluded_macs":    strings.Join(slices.Sorted(slices.Values(s.cfg.Exclude.MACs)), " "),
		"excluded_vendors": strings.Join(slices.Sorted(slices.Values(s.cfg.Exclude.Vendors)), ", "),
		"ports":            strings.Trim(fmt.Sprint(s.cfg.Ports), "[]"),
	}
	for name, n := range counts {
		out[name] = strconv.Itoa(n)
	}
	for id, by := range t.statuses {
		for _, status := range []check.Status{check.Pass, check.Fail, check.Unknown} {
			out[string(id)+"."+status.String()] = strconv.Itoa(by[status])
		}
	}
	return out
}

// lasting is what a change of is proved at once: phones that come and go, and what
// they have open, are told once an hour.
func lasting(state map[string]string) map[string]string {
	out := maps.Clone(state)
	maps.DeleteFunc(out, func(name, _ string) bool {
		switch name {
		case "addresses", "devices", "away", "unfinished", "open_ports":
			return true
		}
		return strings.HasSuffix(name, "."+check.Pass.String()) || strings.HasSuffix(name, "."+check.Unknown.String())
	})
	return out
}

func texts[T fmt.Stringer](all []T) string {
	out := make([]string, 0, len(all))
	for _, one := range all {
		out = append(out, one.String())
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}
