package store

import "context"

// Verdict is the newest verdict of one check on one host from one source.
type Verdict struct {
	SiteID     SiteID
	HostID     string
	CheckID    string
	Source     string
	Status     string // pass, fail, unknown or not_applicable
	Severity   string
	Actual     string
	Expected   string
	Reason     string
	DriftType  string
	Citation   string
	ObservedMs int64 // the source's clock
	ReceivedMs int64 // the appliance's clock
	BundleID   string
}

const verdictColumns = `site_id, host_id, check_id, source, status, severity, actual, expected, reason, drift_type, citation,
	observed_ms, received_ms, bundle_id`

func scanVerdict(row scanner) (v Verdict, err error) {
	return v, row.Scan(&v.SiteID, &v.HostID, &v.CheckID, &v.Source, &v.Status, &v.Severity, &v.Actual, &v.Expected,
		&v.Reason, &v.DriftType, &v.Citation, &v.ObservedMs, &v.ReceivedMs, &v.BundleID)
}

// Verdicts lists the verdicts of one host by check id.
func (s *Store) Verdicts(ctx context.Context, site SiteID, hostID string) ([]Verdict, error) {
	return list(ctx, s.reader, scanVerdict, "SELECT "+verdictColumns+
		" FROM verdict WHERE site_id = ? AND host_id = ? ORDER BY check_id, source", site, hostID)
}

// Count is a number of verdicts with one status.
type Count struct {
	SiteID   SiteID
	ClientID ClientID // set by CountByClient
	HostID   string   // set by CountByHost
	Status   string
	Stale    bool // received before the cut-off
	N        uint32
}

// CountBySite counts the verdicts of a site.
func (s *Store) CountBySite(ctx context.Context, site SiteID, freshSince int64) ([]Count, error) {
	return list(ctx, s.reader, func(row scanner) (c Count, err error) {
		return c, row.Scan(&c.SiteID, &c.Status, &c.Stale, &c.N)
	}, `SELECT site_id, status, received_ms < ?, count(*) FROM verdict WHERE site_id = ? GROUP BY 1, 2, 3`, freshSince, site)
}

// CountByHost counts the verdicts of hosts of a site in a range of host ids,
// both ends included.
func (s *Store) CountByHost(ctx context.Context, site SiteID, first, last string, freshSince int64) ([]Count, error) {
	return list(ctx, s.reader, func(row scanner) (c Count, err error) {
		return c, row.Scan(&c.SiteID, &c.HostID, &c.Status, &c.Stale, &c.N)
	}, `SELECT site_id, host_id, status, received_ms < ?, count(*) FROM verdict
		WHERE site_id = ? AND host_id BETWEEN ? AND ? GROUP BY 1, 2, 3, 4`, freshSince, site, first, last)
}

// CountByClient counts the verdicts of all sites of a client.
func (s *Store) CountByClient(ctx context.Context, client ClientID, freshSince int64) ([]Count, error) {
	return list(ctx, s.reader, func(row scanner) (c Count, err error) {
		return c, row.Scan(&c.ClientID, &c.Status, &c.Stale, &c.N)
	}, `SELECT s.client_id, v.status, v.received_ms < ?, count(*) FROM site s JOIN verdict v ON v.site_id = s.site_id
		WHERE s.client_id = ? GROUP BY 1, 2, 3`, freshSince, client)
}
