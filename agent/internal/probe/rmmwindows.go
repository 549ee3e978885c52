package probe

import (
	"context"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/wire"
)

// windowsSoftware is what a Windows shows. Services come from the registry and
// not from WMI, whose query costs a tenth of a second.
type windowsSoftware struct {
	registry registry
	programs func() ([]string, error)
	state    func(service string) (bool, error)
	files    func(pattern string) []string
}

// Where programs register for their removal: under the machine's two views and
// in the hives of people.
const (
	softwareKey = `HKLM\SOFTWARE\`
	wow64       = `WOW6432Node\`
	uninstall   = `Microsoft\Windows\CurrentVersion\Uninstall`
	serviceKeys = `HKLM\SYSTEM\CurrentControlSet\Services`
)

func (w *windowsSoftware) scan(ctx context.Context) ([]entry, error) {
	programs, err := w.programs()
	if err != nil {
		return nil, err
	}
	folders, err := w.registry.keys("HKU")
	if err != nil {
		return nil, err
	}
	for i, sid := range folders {
		folders[i] = `HKU\` + sid + `\SOFTWARE\` + uninstall
	}
	var all []entry
	for _, folder := range append(folders, softwareKey+uninstall, softwareKey+wow64+uninstall, serviceKeys) {
		names, err := w.registry.keys(folder)
		if absentIsFine(err) != nil {
			return nil, err
		}
		for _, name := range names {
			all = w.read(all, folder+`\`, name, folder == serviceKeys)
		}
	}
	for _, path := range programs {
		all = append(all, entry{kind: wire.MarkProcess, text: path})
	}
	return all, ctx.Err()
}

// read adds a service by name and title, or a program by its title; parts and
// updates have none. Some security products hide their values.
func (w *windowsSoftware) read(all []entry, folder, name string, service bool) []entry {
	e := entry{kind: wire.MarkPackage}
	e.text, _ = w.registry.value(folder+name, "DisplayName")
	if service {
		e.path, _ = w.registry.value(folder+name, "ImagePath")
		if program, _, ok := strings.Cut(e.path, ".exe"); ok { // arguments follow
			e.path = strings.Trim(program, `"`) + ".exe"
		}
		e.kind, e.service = wire.MarkTitle, name
		all = append(all, entry{kind: wire.MarkService, text: name, service: name, path: e.path})
	} else if e.text != "" {
		e.version, _ = w.registry.value(folder+name, "DisplayVersion")
		e.path, _ = w.registry.value(folder+name, "InstallLocation")
	}
	if e.text != "" {
		all = append(all, e)
	}
	return all
}

func (w *windowsSoftware) runs(service string) (bool, error) {
	running, err := w.state(service)
	return running, absentIsFine(err) // it may be marked for deletion
}

// find looks for a key in both views, or for files.
func (w *windowsSoftware) find(kind int, pattern string) []string {
	if kind == wire.MarkPath {
		return w.files(pattern)
	}
	other := strings.Replace(pattern, softwareKey, softwareKey+wow64, 1)
	for _, key := range [...]string{pattern, other} {
		if _, err := w.registry.keys(key); err == nil {
			return []string{pattern}
		}
	}
	return nil
}
