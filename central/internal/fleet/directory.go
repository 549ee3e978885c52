package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"

	"github.com/osiriscare/osiris/central/internal/store"
)

// DirectoryStore reads what appliances saw in their domains.
type DirectoryStore interface {
	Directories(ctx context.Context, site store.SiteID) ([]store.Directory, error)
}

// Directory lists the computers of a site's domains by objectGUID. Of one that
// several appliances see it is the newest report's; unwatched narrows to nobody's:
// computers that are there and that no appliance says are watched.
func (f *Fleet) Directory(ctx context.Context, site store.SiteID, unwatched bool, p Page) (*centralv1.ListDirectoryResponse, error) {
	var key string
	if err := p.after(&key); err != nil {
		return nil, err
	}
	if _, err := f.store.Site(ctx, site); err != nil {
		return nil, fmt.Errorf("reading site %s: %w", site, err)
	}
	rows, err := f.store.Directories(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("reading directories of site %s: %w", site, err)
	}
	m := &centralv1.ListDirectoryResponse{}
	found := map[string]*centralv1.DirectoryComputer{}
	for _, row := range rows {
		report := &centralv1.DirectoryReport{}
		if err := proto.Unmarshal(row.Body, report); err != nil {
			return nil, fmt.Errorf("reading the directory of %s: %w", row.ApplianceID, err)
		}
		for _, d := range report.GetDomains() {
			d.ApplianceId = string(row.ApplianceID)
			m.Domains = append(m.Domains, d)
		}
		for _, c := range report.GetComputers() {
			merge(found, c)
		}
	}
	for guid, c := range found {
		if guid > key && (!unwatched || c.GetWatched() == "" && c.GetGone() == "" && !c.GetStale()) {
			m.Computers = append(m.Computers, c)
		}
	}
	slices.SortFunc(m.Computers, func(a, b *centralv1.DirectoryComputer) int {
		return strings.Compare(a.GetObjectGuid(), b.GetObjectGuid())
	})
	if len(m.Computers) > p.limit() {
		m.Computers = m.Computers[:p.limit()]
		m.NextPageToken = next(m.Computers[p.limit()-1].GetObjectGuid())
	}
	return m, nil
}

// merge takes a computer of an older report: what is new of it is who watches it
// there, and that it is in scope there.
func merge(found map[string]*centralv1.DirectoryComputer, c *centralv1.DirectoryComputer) {
	have := found[c.GetObjectGuid()]
	switch {
	case have == nil:
		found[c.GetObjectGuid()] = c
		return
	case have.GetGone() != "" && c.GetGone() == "" && have.GetGone() == "out_of_scope":
		if c.GetWatched() == "" {
			c.Watched = have.GetWatched()
		}
		found[c.GetObjectGuid()] = c
	case have.GetWatched() == "":
		have.Watched = c.GetWatched()
	}
}
