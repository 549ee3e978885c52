package intake

import (
	"context"
	"fmt"

	"github.com/osiriscare/osiris/shared/bundle"

	"github.com/osiriscare/osiris/central/internal/archive"
	"github.com/osiriscare/osiris/central/internal/store"
)

// rebuildPage is how many entries are read at once.
const rebuildPage = 512

// RebuildStore lists what was projected and takes projections.
type RebuildStore interface {
	EntriesToProject(ctx context.Context, after int64, limit int) ([]store.Entry, error)
	Rebuild(ctx context.Context, fill func(p *store.Projection) error) error
}

// Rebuild makes the rows of host, verdict and incident again from the archive
// and returns how many bundles it read. Nothing changes if a file is damaged.
func Rebuild(ctx context.Context, s RebuildStore, a *archive.Archive) (n int, err error) {
	err = s.Rebuild(ctx, func(p *store.Projection) error {
		for after := int64(0); ; {
			entries, err := s.EntriesToProject(ctx, after, rebuildPage)
			if err != nil || len(entries) == 0 {
				return err
			}
			items, err := a.ReadAll(entries)
			if err != nil {
				return err
			}
			for k, item := range items {
				after = entries[k].ID
				if err := reproject(ctx, p, item); err != nil {
					return fmt.Errorf("projecting bundle %s: %w", entries[k].BundleID, err)
				}
				n++
			}
		}
	})
	if err != nil {
		return 0, fmt.Errorf("rebuilding from the archive: %w", err)
	}
	return n, nil
}

func reproject(ctx context.Context, p *store.Projection, item archive.Item) error {
	b, err := bundle.Decode(item.Bundle)
	if err != nil {
		return err
	}
	return Project(ctx, p, &b)
}
