package runbook

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/osiriscare/osiris/shared/check"
)

//go:embed catalog/*.yaml
var embedded embed.FS

// Catalogue is a set of runbooks. It never changes once loaded.
type Catalogue struct {
	byID  map[string]*Runbook
	order []*Runbook
}

// Load reads the embedded catalogue.
func Load() (*Catalogue, error) {
	files, err := fs.Sub(embedded, "catalog")
	if err != nil {
		return nil, fmt.Errorf("opening runbook catalogue: %w", err)
	}
	return LoadFS(files)
}

// LoadFS reads every .yaml file of the folder. One bad file fails all: a
// catalogue is released as a whole.
func LoadFS(files fs.FS) (*Catalogue, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing runbooks: %w", err)
	}
	slices.Sort(names)
	c := &Catalogue{byID: map[string]*Runbook{}}
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("reading runbook %s: %w", name, err)
		}
		r, err := Parse(content)
		if err != nil {
			return nil, fmt.Errorf("reading runbook %s: %w", name, err)
		}
		if want := r.ID + ".yaml"; path.Base(name) != want {
			return nil, fmt.Errorf("reading runbook %s: %w: its id wants the file %s", name, ErrInvalid, want)
		}
		c.byID[r.ID] = r
		c.order = append(c.order, r)
	}
	return c, nil
}

// Get returns the runbook or ErrUnknown.
func (c *Catalogue) Get(id string) (*Runbook, error) {
	r, ok := c.byID[id]
	if !ok {
		return nil, fmt.Errorf("%w: %.64q", ErrUnknown, id)
	}
	return r, nil
}

// All returns the runbooks sorted by id.
func (c *Catalogue) All() []*Runbook { return slices.Clone(c.order) }

// For returns the runbooks that heal a check on a platform.
func (c *Catalogue) For(id check.ID, platform string) []*Runbook {
	var found []*Runbook
	for _, r := range c.order {
		if r.Platform == platform && r.Heals(id) {
			found = append(found, r)
		}
	}
	return found
}
