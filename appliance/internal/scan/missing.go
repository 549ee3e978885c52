package scan

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/osiriscare/osiris/shared/bundle"
)

// phaseMissed names the bundle on what a loop did not do.
const phaseMissed = "missed"

// Why a round or a scan did not happen.
const (
	whyRound = "the round before still ran"
	whyStill = "the scan before still ran"
	whyBusy  = "something else ran on the host"
	whyAway  = "the appliance did not run, or this was switched off"
	// whyFailed is also said of a round that did a part.
	whyFailed = "the round failed"
	whyClock  = "before the start the clock was wrong: how many were missed is not known"
)

// mostNamed is how many hosts a bundle names.
const mostNamed = 10

// missing is what a loop did not do since that was proved last. One bundle an hour
// tells it, so that what lasts does not fill the log.
type missing struct {
	mu     sync.Mutex
	since  time.Time
	rounds int
	scans  int
	why    map[string]int
	hosts  map[string]int // scans by the name of the target
	all    uint64         // scans since the start
	proved time.Time
}

func (m *missing) round(n int, why string, since time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.note(n, why, since)
	m.rounds += n
}

func (m *missing) scan(host, why string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.note(1, why, at)
	m.scans++
	m.all++
	m.hosts[host]++
}

// total is how many scans were missed since the start.
func (m *missing) total() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.all
}

func (m *missing) note(n int, why string, since time.Time) {
	if m.why == nil {
		m.why, m.hosts = map[string]int{}, map[string]int{}
	}
	if m.since.IsZero() || since.Before(m.since) {
		m.since = since
	}
	m.why[why] += n
}

// clear forgets what nobody missed: there was no host to ask.
func (m *missing) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reset()
}

func (m *missing) reset() { m.since, m.rounds, m.scans, m.why, m.hosts = time.Time{}, 0, 0, nil, nil }

// prove tells what is missing, if it was not told for an hour or last is set. What
// could not be told waits for the next time.
func (m *missing) prove(ctx context.Context, to Evidence, loop string, now time.Time, last bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rounds+m.scans == 0 || !last && !m.proved.IsZero() && now.Sub(m.proved) < provedAgain {
		return nil
	}
	if err := to.Prove(ctx, m.bundle(loop, now)); err != nil {
		return fmt.Errorf("proving what %s missed: %w", loop, err)
	}
	m.reset()
	m.proved = now
	return nil
}

func (m *missing) bundle(loop string, now time.Time) *bundle.Bundle {
	why := make([]string, 0, len(m.why))
	for _, reason := range slices.Sorted(maps.Keys(m.why)) {
		why = append(why, fmt.Sprintf("%s (%d)", reason, m.why[reason]))
	}
	reason := strings.Join(why, ", ")
	since, until := m.since.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339)
	state := map[string]string{
		"cycle": loop, "since": since, "until": until, "rounds": strconv.Itoa(m.rounds), "scans": strconv.Itoa(m.scans),
		"hosts": strconv.Itoa(len(m.hosts)), "named": m.names(),
	}
	return &bundle.Bundle{
		BundleID: bundle.IDOf("missed/" + loop + "/" + strconv.FormatInt(now.UnixNano(), 10)), Kind: bundle.KindGap,
		Source: "appliance", Phase: phaseMissed, Outcome: bundle.OutcomeNone, PostState: state,
		Gap:          &bundle.Gap{Count: uint64(m.rounds) + uint64(m.scans), Reason: reason}, //nolint:gosec // counts
		ReceivedTime: bundle.At(now), MadeTime: bundle.At(now), DeploymentMode: "direct",
		Summary: fmt.Sprintf("%s: missed from %s to %s were %s and %s of %s: %s.", loop, since, until,
			counted(m.rounds, "round"), counted(m.scans, "scan"), counted(len(m.hosts), "host"), reason),
	}
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}

// names are the hosts that missed most, with how many scans.
func (m *missing) names() string {
	names := slices.SortedFunc(maps.Keys(m.hosts), func(a, b string) int {
		return cmp.Or(cmp.Compare(m.hosts[b], m.hosts[a]), cmp.Compare(a, b))
	})
	var out []string
	for _, name := range names[:min(len(names), mostNamed)] {
		out = append(out, fmt.Sprintf("%s (%d)", name, m.hosts[name]))
	}
	return strings.Join(out, ", ")
}
