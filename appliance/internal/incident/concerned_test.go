package incident

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/check"
)

// counted counts the rows asked for and how SQLite finds them.
type counted struct {
	*sql.DB
	t     *testing.T
	plans []string
}

func (c *counted) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	var plan string
	var skip any
	if err := c.DB.QueryRowContext(ctx, "EXPLAIN QUERY PLAN "+query, args...).Scan(&skip, &skip, &skip, &plan); err != nil {
		c.t.Error(err)
	}
	c.plans = append(c.plans, plan)
	return c.DB.QueryRowContext(ctx, query, args...)
}

func TestAReportReadsNoMoreThanItCanChange(t *testing.T) {
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	o := Observation{SiteID: "s_1", HostID: "h_1", Source: "agent", CheckID: check.SysctlHardening}
	see := func(status check.Status, atMs int64) Change {
		t.Helper()
		var c Change
		o.Status, o.AtMs = status, atMs
		if err := s.Write(t.Context(), func(tx *store.Tx) (err error) {
			c, err = Observe(t.Context(), tx, o)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := see(check.Fail, 1).Incident
	for name, tt := range map[string]struct {
		status check.Status
		plan   string // index that is used; empty: nothing is read
		want   string // incident that is found
	}{
		"unknown reads nothing":        {check.Unknown, "", ""},
		"not applicable reads nothing": {check.NotApplicable, "", ""},
		"a pass reads the live one":    {check.Pass, "incident_live", first.ID},
		"a failure reads the newest":   {check.Fail, "incident_of", first.ID},
	} {
		t.Run(name, func(t *testing.T) {
			q := &counted{DB: s.Reader(), t: t}
			o := o
			o.Status = tt.status
			got, err := concerned(t.Context(), q, o)
			if err != nil || (got == nil) != (tt.want == "") || got != nil && got.ID != tt.want {
				t.Errorf("concerned = %+v, %v; want %q", got, err, tt.want)
			}
			if plans := strings.Join(q.plans, "; "); (len(q.plans) > 0) != (tt.plan != "") || !strings.Contains(plans, tt.plan) {
				t.Errorf("plans = %q; want %q", plans, tt.plan)
			}
		})
	}
	see(check.Pass, 2)
	o.Status = check.Pass
	if got, err := concerned(t.Context(), s.Reader(), o); err != nil || got != nil {
		t.Errorf("a pass after the resolution finds %+v, %v; want nothing", got, err)
	}
	o.Status = check.Fail
	if got, err := concerned(t.Context(), s.Reader(), o); err != nil || got == nil || got.ID != first.ID {
		t.Errorf("a failure after it finds %+v, %v; want it, to reopen it", got, err)
	}
}
