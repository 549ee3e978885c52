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
		all = add(all, wire.MarkProcess, path, "", "", "")
	}
	return all, ctx.Err()
}

// read adds a service by name and title, or a program by its title; parts and
// updates have none. Some security products hide their values.
func (w *windowsSoftware) read(all []entry, folder, name string, service bool) []entry {
	kind, location := wire.MarkTitle, "ImagePath"
	if !service {
		kind, location = wire.MarkPackage, "InstallLocation"
	}
	folder += name
	title, _ := w.registry.value(folder, "DisplayName")
	if title == "" && !service {
		return all
	}
	version := ""
	path, _ := w.registry.value(folder, location)
	if service {
		if program, _, ok := strings.Cut(path, ".exe"); ok { // arguments follow
			path = strings.Trim(program, `"`) + ".exe"
		}
		all = add(all, wire.MarkService, name, name, "", path)
	} else {
		version, _ = w.registry.value(folder, "DisplayVersion")
		name = ""
	}
	if title != "" {
		all = add(all, kind, title, name, version, path)
	}
	return all
}

// add appends an entry: written out, each would be 300 bytes.
func add(all []entry, kind int, text, service, version, path string) []entry {
	return append(all, entry{kind: kind, text: text, service: service, version: version, path: path})
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
