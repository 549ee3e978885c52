package rule

import (
	"cmp"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"

	"cel.dev/cel-go/cel"

	"github.com/osiriscare/osiris/shared/runbook"
)

//go:embed builtin/*.yaml
var builtin embed.FS

// Limits on a set, so that a synced or mistaken folder cannot stall healing.
const (
	MaxFile  = 64 << 10
	MaxRules = 512
)

// set is rules in the order they are tried.
type set struct{ rules []*Rule }

// loader reads files into one set.
type loader struct {
	env       *cel.Env
	catalogue *runbook.Catalogue
	rules     []*Rule
	files     map[string]string // by rule id
}

func load(catalogue *runbook.Catalogue, folders []fs.FS) (*set, error) {
	env, err := newEnvironment()
	if err != nil {
		return nil, err
	}
	l := &loader{env: env, catalogue: catalogue, files: map[string]string{}}
	if err := l.folder(builtin, SourceBuiltin); err != nil {
		return nil, err
	}
	for _, folder := range folders {
		if err := l.folder(folder, SourceCustom); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(l.rules, func(a, b *Rule) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.ID, b.ID))
	})
	return &set{l.rules}, nil
}

// folder reads .yaml and .yml files at any depth: the seed system's promoted
// rules lay in a subfolder that its loader never read.
func (l *loader) folder(folder fs.FS, source string) error {
	return fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("listing rules: %w", err)
		}
		if ext := path.Ext(name); entry.IsDir() || ext != ".yaml" && ext != ".yml" {
			return nil
		}
		if err := l.file(folder, name, source); err != nil {
			return fmt.Errorf("reading rule file %s: %w", name, err)
		}
		return nil
	})
}

func (l *loader) file(folder fs.FS, name, source string) error {
	content, err := readFile(folder, name)
	if err != nil {
		return err
	}
	specs, err := parse(content)
	if err != nil {
		return err
	}
	for _, spec := range specs {
		r, err := spec.compile(l.env, l.catalogue, source)
		if err != nil {
			return fmt.Errorf("%w %.64q: %w", ErrInvalid, spec.ID, err)
		}
		if other, ok := l.files[r.ID]; ok {
			return fmt.Errorf("%w %s: it is also in %s", ErrInvalid, r.ID, other)
		}
		if len(l.rules) == MaxRules {
			return fmt.Errorf("%w %s: there are already %d rules", ErrInvalid, r.ID, MaxRules)
		}
		l.files[r.ID] = name
		l.rules = append(l.rules, r)
	}
	return nil
}

func readFile(folder fs.FS, name string) (content []byte, err error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	content, err = io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, err
	}
	if len(content) > MaxFile {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrInvalid, MaxFile)
	}
	return content, nil
}
