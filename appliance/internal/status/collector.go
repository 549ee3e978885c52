package status

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
)

// collector reads the numbers when Prometheus asks; nothing is counted twice.
type collector struct{ source Source }

// gauges names each number.
var gauges = []struct {
	desc  *prometheus.Desc
	value func(Numbers) float64
}{
	{gauge("sessions", "Agents with an open session."), func(n Numbers) float64 { return float64(n.Sessions) }},
	{gauge("hosts", "Hosts known."), func(n Numbers) float64 { return float64(n.Hosts) }},
	{gauge("agents_disk_full", "Agents whose disk takes no writes: what they find meanwhile is lost."), func(n Numbers) float64 { return float64(n.DisksFull) }},
	{gauge("open_incidents", "Incidents that are not resolved."), func(n Numbers) float64 { return float64(n.Incidents) }},
	{gauge("evidence_waiting", "Bundles that are not logged yet."), func(n Numbers) float64 { return float64(n.Waiting) }},
	{gauge("evidence_logged", "Entries of the current evidence log."), func(n Numbers) float64 { return float64(n.Logged) }},
	{gauge("evidence_witnessed", "Entries that Central has cosigned."), func(n Numbers) float64 { return float64(n.Witnessed) }},
	{gauge("central_away", "1 while Central cannot be reached."), func(n Numbers) float64 { return one(n.Away) }},
	{gauge("evidence_refused", "1 while Central refuses the evidence; /healthz says why."), func(n Numbers) float64 { return one(n.EvidenceRefused != "") }},
	{gauge("check_in_refused", "1 while Central refuses check-ins; /healthz says why."), func(n Numbers) float64 { return one(n.CheckInRefused != "") }},
	{gauge("updates_halted", "Agents' programs that go no further; osiris-appliance update list says why."), func(n Numbers) float64 { return float64(n.UpdatesHalted) }},
	{gauge("updates_refused", "1 while the folder of agents' programs is refused; /healthz says why."), func(n Numbers) float64 { return one(n.UpdatesRefused != "") }},
}

// failing is there whatever happens: the other numbers are left out when the store
// cannot be read, and the loops' are not.
var failing = gauge("store_failing", "1 while the store cannot be read or evidence cannot be written; /healthz says why.")

// one is 1 for what is so.
func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func gauge(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("osiris_appliance_"+name, help, nil, nil)
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	out <- failing
	for _, g := range gauges {
		out <- g.desc
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readTime)
	defer cancel()
	n, err := c.source.Numbers(ctx)
	out <- prometheus.MustNewConstMetric(failing, prometheus.GaugeValue, one(err != nil || n.Unwritten != ""))
	for _, g := range gauges {
		if err != nil {
			out <- prometheus.NewInvalidMetric(g.desc, err)
			continue
		}
		out <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, g.value(n))
	}
}
