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
//go:embed all:scripts
var embedded embed.FS

// Catalogue is a set of runbooks and of scripts. It never changes once loaded.
type Catalogue struct {
	byID  map[string]*Runbook
	order []*Runbook
	texts *Texts
}

// Load reads the embedded catalogue.
func Load() (*Catalogue, error) {
	files, err := fs.Sub(embedded, "catalog")
	if err != nil {
		return nil, fmt.Errorf("opening runbook catalogue: %w", err)
	}
	scripts, err := fs.Sub(embedded, "scripts")
	if err != nil {
		return nil, fmt.Errorf("opening scripts: %w", err)
	}
	return LoadFolders(files, scripts)
}

// LoadFS reads every .yaml file of a folder. Scripts are the embedded ones, but
// none has to be used.
func LoadFS(files fs.FS) (*Catalogue, error) {
	scripts, err := fs.Sub(embedded, "scripts")
	if err != nil {
		return nil, fmt.Errorf("opening scripts: %w", err)
	}
	c, _, err := load(files, scripts)
	return c, err
}

// LoadFolders reads every .yaml file of the first folder and every script of the
// second. One bad file fails all: a catalogue is released as a whole. So does a
// phase without its script, and a script that is nobody's phase.
func LoadFolders(files, scripts fs.FS) (*Catalogue, error) {
	c, used, err := load(files, scripts)
	if err != nil {
		return nil, err
	}
	phases := map[string]string{}
	for _, text := range c.texts.order {
		if text.Runbook == "" {
			continue
		}
		if !used[text.Path] {
			return nil, fmt.Errorf("reading script %s: %w: %w", text.Path, ErrInvalid, errStray)
		}
		// A part names its kind and not its runbook, so the text alone must tell.
		key := text.Platform + " " + string(text.Kind) + " " + text.Body
		if other, taken := phases[key]; taken {
			return nil, fmt.Errorf("reading script %s: %w: %s is the same", text.Path, ErrInvalid, other)
		}
		phases[key] = text.Path
	}
	return c, nil
}

func load(files, scripts fs.FS) (*Catalogue, map[string]bool, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, nil, fmt.Errorf("listing runbooks: %w", err)
	}
	slices.Sort(names)
	c := &Catalogue{byID: map[string]*Runbook{}}
	if c.texts, err = loadTexts(scripts); err != nil {
		return nil, nil, err
	}
	used, seeds := map[string]bool{}, map[string]string{}
	for _, name := range names {
		r, err := c.read(files, name, used)
		if err != nil {
			return nil, nil, fmt.Errorf("reading runbook %s: %w", name, err)
		}
		for _, seed := range r.SeedIDs {
			if other, taken := seeds[seed]; taken {
				return nil, nil, fmt.Errorf("reading runbook %s: %w: %s has the seed id %s too", name, ErrInvalid, other, seed)
			}
			seeds[seed] = r.ID
		}
		c.byID[r.ID] = r
		c.order = append(c.order, r)
	}
	return c, used, nil
}

func (c *Catalogue) read(files fs.FS, name string, used map[string]bool) (*Runbook, error) {
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	r, err := Parse(content)
	if err != nil {
		return nil, err
	}
	if want := r.ID + ".yaml"; path.Base(name) != want {
		return nil, fmt.Errorf("%w: its id wants the file %s", ErrInvalid, want)
	}
	return r, c.texts.bind(r, used)
}

// Texts returns the scripts.
func (c *Catalogue) Texts() *Texts { return c.texts }

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
