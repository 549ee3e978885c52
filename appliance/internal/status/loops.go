package status

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/osiriscare/osiris/appliance/internal/scan"
)

// Loop is something that happens again and again: a cycle of scans, the reading of
// the directory, a look at the network.
type Loop interface{ Round() scan.Round }

// Loops are those that exist. They are asked in memory, so never late.
type Loops []Loop

// running gives the loops that run, by name.
func (l Loops) running() []scan.Round {
	var out []scan.Round
	for _, loop := range l {
		if r := loop.Round(); !r.Since.IsZero() {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b scan.Round) int { return strings.Compare(a.Loop, b.Loop) })
	return out
}

// loopJSON is a loop in /healthz.
type loopJSON struct {
	Loop      string         `json:"loop"`
	IntervalS float64        `json:"interval_s"`
	Began     string         `json:"began"` // RFC 3339 UTC; empty before the first round
	Ended     string         `json:"ended"` // empty while it goes on
	TookMs    int64          `json:"took_ms"`
	Rounds    uint64         `json:"rounds"`
	Missed    int            `json:"missed"` // in a row, until a round begins
	MissedAll uint64         `json:"missed_all"`
	Scans     uint64         `json:"scans_missed_all"`
	Failed    uint64         `json:"failed"`
	Error     string         `json:"error,omitempty"` // of the newest round that ended
	Still     bool           `json:"stands_still"`
	Hosts     map[string]int `json:"hosts,omitempty"` // of the newest round, by state
}

// describe puts the loops into words, and says which stand still.
func describe(rounds []scan.Round, now time.Time) (out []loopJSON, still []string) {
	out = []loopJSON{}
	for _, r := range rounds {
		j := loopJSON{
			Loop: r.Loop, IntervalS: r.Interval.Seconds(), Began: stamp(r.Began), Ended: stamp(r.Ended), Rounds: r.Rounds,
			Missed: r.Missed, MissedAll: r.MissedAll, Scans: r.ScansMissed, Failed: r.Failed, Error: clip(r.Error), Still: r.StandsStill(now), Hosts: r.Counts,
		}
		if !r.Ended.IsZero() {
			j.TookMs = r.Ended.Sub(r.Began).Milliseconds()
		}
		if j.Still {
			still = append(still, r.Loop)
		}
		out = append(out, j)
	}
	return out, still
}

// maxError is how much of an error is shown: it may quote what a foreign server said.
const maxError = 300

func clip(s string) string {
	if len(s) > maxError {
		return strings.ToValidUTF8(s[:maxError], "") + "..."
	}
	return s
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// What /metrics has of each loop. No label names a host: there may be thousands.
var (
	scanMetrics = []struct {
		desc  *prometheus.Desc
		kind  prometheus.ValueType
		value func(scan.Round) float64
	}{
		{of("interval_seconds", "How often the cycle is due."), prometheus.GaugeValue, func(r scan.Round) float64 { return r.Interval.Seconds() }},
		{of("began_timestamp_seconds", "When the newest round began; 0 before the first."), prometheus.GaugeValue, func(r scan.Round) float64 { return unix(r.Began) }},
		{of("ended_timestamp_seconds", "When the newest round ended; 0 while it goes on."), prometheus.GaugeValue, func(r scan.Round) float64 { return unix(r.Ended) }},
		{of("rounds_total", "Rounds that began."), prometheus.CounterValue, func(r scan.Round) float64 { return float64(r.Rounds) }},
		{of("missed_rounds_total", "Rounds that were due while the one before still ran."), prometheus.CounterValue, func(r scan.Round) float64 { return float64(r.MissedAll) }},
		{of("missed_scans_total", "Hosts that a round could not begin to ask, because the scan before still ran or something else did."), prometheus.CounterValue, func(r scan.Round) float64 { return float64(r.ScansMissed) }},
		{of("failed_rounds_total", "Rounds that ended with an error; /healthz has the newest."), prometheus.CounterValue, func(r scan.Round) float64 { return float64(r.Failed) }},
		{of("stands_still", "1 when no round began for three intervals."), prometheus.GaugeValue, func(r scan.Round) float64 { return one(r.StandsStill(time.Now())) }},
	}
	scanHosts = of("hosts", "Hosts of the newest round by state.", "state")
)

func of(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("osiris_scan_"+name, help, append([]string{"cycle"}, labels...), nil)
}

func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// Describe implements prometheus.Collector.
func (l Loops) Describe(out chan<- *prometheus.Desc) {
	for _, m := range scanMetrics {
		out <- m.desc
	}
	out <- scanHosts
}

// Collect implements prometheus.Collector.
func (l Loops) Collect(out chan<- prometheus.Metric) {
	for _, r := range l.running() {
		for _, m := range scanMetrics {
			out <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value(r), r.Loop)
		}
		for _, state := range slices.Sorted(maps.Keys(r.Counts)) {
			out <- prometheus.MustNewConstMetric(scanHosts, prometheus.GaugeValue, float64(r.Counts[state]), r.Loop, state)
		}
	}
}
