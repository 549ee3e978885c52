package probe

import (
	"context"
	"strconv"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/signature"
	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/shared/check"
)

// Signatures gives the list of products that rmm_detection looks for, one of
// version 0 before the first has arrived.
type Signatures interface {
	Held() (list *signature.List, expired bool)
}

// software is what a system shows of what is installed and running.
type software interface {
	// scan lists packages, services, and at the end the programs that run.
	scan(ctx context.Context) ([]entry, error)
	// runs tells whether a service runs.
	runs(service string) (bool, error)
	// find gives the paths that match a pattern, or the registry key.
	find(kind int, pattern string) []string
}

// entry is something that a product may leave: text is what patterns of this
// kind match. A program's is its path or, when that is hidden, its name.
type entry struct {
	_                            [0]func() // no comparison: the compiler would write one, 500 bytes
	kind                         int
	text, service, version, path string
}

// kindNames are by kind of mark.
var kindNames = [...]string{", service ", ", service ", ", process ", ", path ", ", package ", ", key "}

// Bounds of a finding and of all, so that a fact stays below record.Text's limit
// and all facts below the appliance's.
const (
	maxEvidence = 400
	maxFact     = 160
	maxFindings = 60
)

// finding is one product and instance.
type finding struct {
	product                          *signature.Product
	instance, version, service, path string
	evidence                         string
	running, installed               bool
}

// detect looks for every product of the list.
func detect(ctx context.Context, signatures Signatures, on software) (check.Facts, error) {
	if signatures == nil {
		return nil, nil // the judge says that there is no list
	}
	list, expired := signatures.Held()
	if list.Version == 0 {
		return nil, nil
	}
	seen, err := on.scan(ctx)
	if err != nil {
		return nil, err
	}
	var s search
	for i := range list.Products {
		if err = s.product(&list.Products[i], seen, on); err != nil {
			return nil, err
		}
	}
	facts := check.Facts{{Name: check.FactListVersion, Value: strconv.FormatUint(list.Version, 10)}}
	if expired {
		facts.Add(check.FactListExpired, "yes")
	}
	for i, f := range s.all {
		if i < maxFindings {
			facts.Add(check.FactProduct, s.row(f))
		}
	}
	return facts, ctx.Err()
}

// search is all that was found so far; those of the product that is looked for
// start at from.
type search struct {
	all  []*finding
	from int
}

// product finds what there is of one product: a finding an instance.
func (s *search) product(p *signature.Product, seen []entry, on software) error {
	s.from = len(s.all)
	for i := range seen {
		if err := s.see(p, &seen[i], on); err != nil {
			return err
		}
	}
	for _, kind := range [...]int{wire.MarkPath, wire.MarkKey} {
		for _, pattern := range p.Marks[kind] {
			for _, text := range on.find(kind, pattern) {
				e := entry{kind: kind, text: text}
				if kind == wire.MarkPath {
					e.path = text
				}
				if err := s.see(p, &e, on); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// see adds an entry to what was found, if it is the product's.
func (s *search) see(p *signature.Product, e *entry, on software) error {
	instance, ok := "", false
	// A pattern of a program is its name alone or its whole path.
	program := e.kind == wire.MarkProcess
	base := baseName(e.text)
	for _, pattern := range p.Marks[e.kind] {
		one, matches := signature.Match(pattern, e.text)
		if !matches && program {
			_, matches = signature.Match(pattern, base)
		}
		ok = ok || matches
		if one != "" {
			instance = one
		}
	}
	if !ok {
		return nil
	}
	f := s.finding(p, instance, program)
	f.running = f.running || program
	if e.service != "" && !f.running {
		var err error
		if f.running, err = on.runs(e.service); err != nil {
			return err
		}
	}
	f.installed = f.installed || e.kind != wire.MarkPath && e.kind != wire.MarkKey
	keep(&f.service, e.service)
	keep(&f.version, e.version)
	keep(&f.path, e.path)
	if len(f.evidence) < maxEvidence {
		f.evidence += kindNames[e.kind] + cut(e.text)
	}
	return nil
}

// finding is the one of an instance. What does not tell its instance is taken
// for a part of the first, but for what runs: that may be a stranger's copy
// beside an instance that the site allows.
func (s *search) finding(p *signature.Product, instance string, runs bool) *finding {
	for _, f := range s.all[s.from:] {
		if f.instance == instance || instance == "" && !runs {
			return f
		}
	}
	f := &finding{product: p, instance: instance}
	s.all = append(s.all, f)
	return f
}

// push is append, which takes 200 bytes wherever it is written.
func push(list []string, text string) []string { return append(list, text) }

// keep keeps the first value that is known.
func keep(held *string, value string) {
	if *held == "" {
		*held = cut(value)
	}
}

// cut bounds what a foreign name may take of a fact.
func cut(text string) string {
	if len(text) > maxFact {
		text = text[:maxFact]
	}
	return text
}

// row is a finding as a fact.
func (s *search) row(f *finding) string {
	bundle := ""
	for _, other := range s.all {
		for _, id := range f.product.BundledBy {
			if id == other.product.ID {
				bundle = id
			}
		}
	}
	out := ""
	for i, text := range &[...]string{
		f.product.ID, f.product.Name, f.instance, f.version, yesNo(f.running), yesNo(f.installed),
		f.service, f.path, bundle, strings.TrimPrefix(f.evidence, ", "),
	} {
		if text != "" {
			out = check.AppendField(out, findingNames[i], text)
		}
	}
	return out
}

// findingNames are those of a row's values.
var findingNames = [...]string{
	"id", "name", "instance", "version", "running", "installed", "service_name", "install_path", "bundled_with", "evidence",
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// baseName is what follows the last separator of either kind.
func baseName(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' || path[i] == '\\' {
			return path[i+1:]
		}
	}
	return path
}
