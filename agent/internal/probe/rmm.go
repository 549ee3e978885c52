package probe

import (
	"context"
	"strconv"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/signature"
	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/shared/check"
)

// Signatures gives the list of products that rmm_detection looks for; nil before
// the first has arrived.
type Signatures interface {
	Held() (list *signature.List, expired bool)
}

// software is what a system shows of what is installed and running.
type software interface {
	// scan lists services, programs that run, and packages.
	scan(ctx context.Context) (*inventory, error)
	// service tells whether a service runs, and where its program is, if known.
	service(ctx context.Context, name string) (running bool, path string, err error)
	// paths are the files and folders that match an expanded pattern.
	paths(pattern string) []string
	// key tells whether a registry key exists.
	key(name string) bool
}

// inventory is one look at a system.
type inventory struct{ services, programs, packages []entry }

// entry is a service (name, title), a running program (its path or, when that is
// hidden, its name) or a package (name, version, folder).
type entry struct{ name, title, version, path string }

// Bounds of one finding, so that a fact stays far below record.Text's limit.
const (
	maxEvidence  = 5
	evidenceText = 120
	maxFindings  = 60
)

// finding is one product and instance.
type finding struct {
	product                          *signature.Product
	instance, version, service, path string
	running, installed               bool
	evidence                         []string
}

// detect looks for every product of the list.
func detect(ctx context.Context, signatures Signatures, on software) (check.Facts, error) {
	if signatures == nil {
		return nil, nil
	}
	list, expired := signatures.Held()
	if list == nil {
		return nil, nil // the judge says that none has arrived
	}
	seen, err := on.scan(ctx)
	if err != nil {
		return nil, err
	}
	facts := check.Facts{{Name: check.FactListVersion, Value: strconv.FormatUint(list.Version, 10)}}
	if expired {
		facts.Add(check.FactListExpired, "yes")
	}
	var all []*finding
	for i := range list.Products {
		found, err := search(ctx, &list.Products[i], seen, on)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	for i, f := range all {
		if i == maxFindings {
			break
		}
		facts.Add(check.FactProduct, f.row(all))
	}
	return facts, nil
}

// search gives what there is of one product: a finding an instance.
func search(ctx context.Context, p *signature.Product, seen *inventory, on software) ([]*finding, error) {
	s := sought{product: p}
	for i := range seen.services {
		if err := s.service(ctx, &seen.services[i], on); err != nil {
			return nil, err
		}
	}
	for i := range seen.packages {
		s.installed(&seen.packages[i])
	}
	for i := range seen.programs {
		s.program(&seen.programs[i])
	}
	for _, pattern := range p.Marks[wire.MarkPath] {
		pattern = expand(pattern)
		for _, path := range on.paths(pattern) {
			instance, _ := signature.Match(pattern, path)
			f := s.finding(instance)
			f.path = first(f.path, path)
			f.add("path", path)
		}
	}
	for _, key := range p.Marks[wire.MarkKey] {
		if on.key(key) {
			s.finding("").add("key", key)
		}
	}
	return s.found, ctx.Err()
}

// sought is one product while it is looked for.
type sought struct {
	product *signature.Product
	found   []*finding
}

// any matches text with the patterns of a kind.
func (s *sought) any(kind int, text string) (instance string, ok bool) {
	for _, pattern := range s.product.Marks[kind] {
		if instance, ok = signature.Match(pattern, text); ok {
			return instance, true
		}
	}
	return "", false
}

func (s *sought) service(ctx context.Context, e *entry, on software) error {
	instance, ok := s.any(wire.MarkService, e.name)
	if !ok && e.title != "" {
		instance, ok = s.any(wire.MarkTitle, e.title)
	}
	if !ok {
		return nil
	}
	running, path, err := on.service(ctx, e.name)
	if err != nil {
		return err
	}
	f := s.finding(instance)
	f.installed, f.running = true, f.running || running
	f.service, f.path = first(f.service, e.name), first(f.path, path)
	f.add("service", e.name)
	return nil
}

func (s *sought) installed(e *entry) {
	instance, ok := s.any(wire.MarkPackage, e.name)
	if !ok {
		return
	}
	f := s.finding(instance)
	f.installed = true
	f.version, f.path = first(f.version, e.version), first(e.path, f.path)
	f.add("package", e.name)
}

// program counts what runs. A pattern with a separator is of the whole path; it
// is tried first, because it may tell the instance and a name does not.
func (s *sought) program(e *entry) {
	base := e.name[strings.LastIndexAny(e.name, `/\`)+1:]
	instance, ok := "", false
	for _, pattern := range s.product.Marks[wire.MarkProcess] {
		text := base
		if strings.ContainsAny(pattern, `/\`) {
			text, pattern = e.name, expand(pattern)
		}
		one, matches := signature.Match(pattern, text)
		ok = ok || matches
		instance = first(instance, one)
	}
	if !ok {
		return
	}
	f := s.exactly(instance)
	f.running, f.installed = true, true
	f.add("process", e.name)
}

// finding is the one of an instance. What does not tell its instance is taken
// for a part of the first.
func (s *sought) finding(instance string) *finding {
	if instance == "" && len(s.found) > 0 {
		return s.found[0]
	}
	return s.exactly(instance)
}

// exactly keeps what runs without an instance apart: it may be a stranger's copy
// beside an instance that the site allows.
func (s *sought) exactly(instance string) *finding {
	for _, f := range s.found {
		if strings.EqualFold(f.instance, instance) {
			return f
		}
	}
	f := &finding{product: s.product, instance: instance}
	s.found = append(s.found, f)
	return f
}

func (f *finding) add(kind, what string) {
	if len(what) > evidenceText {
		what = what[:evidenceText]
	}
	what = kind + " " + what
	for _, e := range f.evidence {
		if e == what {
			return
		}
	}
	if len(f.evidence) < maxEvidence {
		f.evidence = append(f.evidence, what)
	}
}

// row is the finding as a fact; all are those of the host, among which there may
// be the product that brought it.
func (f *finding) row(all []*finding) string {
	var row check.Facts
	add := func(name, value string) {
		if value != "" {
			row.Add(name, value)
		}
	}
	add("id", f.product.ID)
	add("name", f.product.Name)
	add("instance", f.instance)
	add("version", f.version)
	row.Add("running", yesNo(f.running))
	row.Add("installed", yesNo(f.installed))
	add("service_name", f.service)
	add("install_path", f.path)
	add("bundled_with", f.broughtBy(all))
	add("evidence", strings.Join(f.evidence, ", "))
	return check.FormatRow(row)
}

// broughtBy is the id of a product of the host that installs this one.
func (f *finding) broughtBy(all []*finding) string {
	for _, other := range all {
		for _, id := range f.product.BundledBy {
			if id == other.product.ID {
				return id
			}
		}
	}
	return ""
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
