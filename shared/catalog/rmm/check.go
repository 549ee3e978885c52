package rmm

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// anchor is how much of a name must stand before its first wildcard.
const anchor = 4

// generic are names that many programs have: they need their path.
var generic = []string{
	"agent", "bma", "client", "connect", "console", "control", "daemon", "gui", "helper", "host", "installer", "launcher", "level", "manager",
	"monitor", "pservice", "rcservice", "remote", "remote access", "remote desktop", "server", "service", "setup", "support", "tray", "tunnel",
	"update", "updater", "viewer", "watchdog",
}

var (
	idForm   = regexp.MustCompile(`\A[a-z0-9]+(-[a-z0-9]+)*\z`)
	wildcard = regexp.MustCompile(`\*|\{id\}`)
	winPath  = regexp.MustCompile(`(?i)\A(%(Programs|ProgramFiles|ProgramFiles\(x86\)|ProgramData|SystemRoot)%|[A-Z]:)\\[^\\]`)
	keyForm  = regexp.MustCompile(`\AHKLM\\SOFTWARE\\[^\\]`)
)

// Check says everything that is wrong with the products.
func Check(products []Product) error {
	var errs []error
	ids := map[string]bool{}
	for i := range products {
		p := &products[i]
		if ids[p.ID] {
			errs = append(errs, fmt.Errorf("product %s is there twice", p.ID))
		}
		ids[p.ID] = true
	}
	for i := range products {
		p := &products[i]
		for _, err := range p.check(ids) {
			errs = append(errs, fmt.Errorf("product %s: %w", p.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (p *Product) check(ids map[string]bool) (errs []error) {
	if !idForm.MatchString(p.ID) || p.Name == "" || p.Source == "" {
		errs = append(errs, errors.New("id, name and source are needed; an id has lower case letters, digits and hyphens"))
	}
	if p.Windows.empty() && p.MacOS.empty() && p.Linux.empty() {
		errs = append(errs, errors.New("nothing recognises it"))
	}
	for _, by := range p.BundledBy {
		if !ids[by] || by == p.ID {
			errs = append(errs, fmt.Errorf("bundled_by names %s", by))
		}
	}
	if len(p.MacOS.Titles)+len(p.MacOS.Keys)+len(p.Linux.Titles)+len(p.Linux.Keys) > 0 {
		errs = append(errs, errors.New("only Windows has titles and keys"))
	}
	errs = append(errs, p.Windows.check(`\`)...)
	errs = append(errs, p.MacOS.check("/")...)
	return append(errs, p.Linux.check("/")...)
}

// check judges the marks of a system whose paths have this separator.
func (m *Marks) check(separator string) (errs []error) {
	refuse := func(why string, pattern string) { errs = append(errs, fmt.Errorf("%q: %s", pattern, why)) }
	for _, pattern := range slices.Concat(m.Services, m.Titles, m.Packages) {
		if !anchored(pattern) {
			refuse("a wildcard comes too early", pattern)
		}
	}
	for _, pattern := range m.Processes {
		switch stem := strings.TrimSuffix(strings.ToLower(pattern), ".exe"); {
		case strings.Contains(pattern, separator):
			if !rooted(pattern, separator) {
				refuse("a path starts at a folder of the system and has no early wildcard", pattern)
			}
		case separator == `\` && !strings.HasSuffix(strings.ToLower(pattern), ".exe"):
			refuse("a program of Windows ends with .exe", pattern)
		case !anchored(pattern):
			refuse("a wildcard comes too early", pattern)
		case slices.Contains(generic, stem) || len(stem) < anchor:
			refuse("many programs are named so: give its path", pattern)
		}
	}
	for _, pattern := range m.Paths {
		last := strings.LastIndex(pattern, separator)
		if !rooted(pattern, separator) || wildcard.MatchString(pattern[:max(last, 0)]) {
			refuse("a path starts at a folder of the system and has wildcards in its last part only, after four letters", pattern)
		}
	}
	for _, pattern := range m.Keys {
		if !keyForm.MatchString(pattern) || wildcard.MatchString(pattern) || strings.Contains(pattern, "WOW6432Node") {
			refuse(`a key is HKLM\SOFTWARE\ and names, without a wildcard; both views are searched anyway`, pattern)
		}
	}
	return errs
}

func anchored(pattern string) bool {
	at := wildcard.FindStringIndex(pattern)
	return at == nil || at[0] >= anchor
}

// rooted tells whether a path says where it begins: /opt/x or %ProgramData%\x.
func rooted(pattern, separator string) bool {
	if separator == "/" && !strings.HasPrefix(pattern, "/") || separator == `\` && !winPath.MatchString(pattern) {
		return false
	}
	parts := strings.Split(strings.TrimPrefix(pattern, "/"), separator)
	if len(parts) < 2 || parts[len(parts)-1] == "" || slices.Contains(parts, "..") {
		return false
	}
	return !wildcard.MatchString(parts[0]) && anchoredPart(parts[1])
}

// anchoredPart wants some letters of the product's own folder.
func anchoredPart(part string) bool {
	at := wildcard.FindStringIndex(part)
	return at == nil || at[0] >= anchor
}
