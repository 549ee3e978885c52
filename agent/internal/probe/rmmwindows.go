package probe

import (
	"context"
	"strings"
)

// windowsSoftware is what a Windows shows. Services come from the registry and
// not from WMI, whose query costs a tenth of a second.
type windowsSoftware struct {
	registry
	programs func() ([]entry, error)
	runs     func(service string) (bool, error)
}

// Where programs register for their removal: under the machine's two views and
// in the hives of people.
const (
	wow64       = `WOW6432Node\`
	softwareKey = `HKLM\SOFTWARE\`
	uninstall   = `Microsoft\Windows\CurrentVersion\Uninstall`
)

func (w *windowsSoftware) scan(ctx context.Context) (*inventory, error) {
	all := &inventory{}
	var err error
	if all.programs, err = w.programs(); err != nil {
		return nil, err
	}
	names, err := w.registry.keys(strings.TrimSuffix(services, `\`))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		// Some security products hide their keys' values; the name is enough for them.
		title, _ := w.registry.value(services+name, "DisplayName")
		all.services = append(all.services, entry{name: name, title: title})
	}
	hives, err := w.registry.keys("HKU")
	if err != nil {
		return nil, err
	}
	folders := []string{softwareKey + uninstall, softwareKey + wow64 + uninstall}
	for _, sid := range hives {
		folders = append(folders, `HKU\`+sid+`\SOFTWARE\`+uninstall)
	}
	for _, folder := range folders {
		if err := w.uninstalls(ctx, all, folder); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// uninstalls adds the programs that register under one key.
func (w *windowsSoftware) uninstalls(ctx context.Context, all *inventory, folder string) error {
	names, err := w.registry.keys(folder)
	if absentIsFine(err) != nil {
		return err
	}
	for _, name := range names {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var text [3]string
		for i, value := range [...]string{"DisplayName", "DisplayVersion", "InstallLocation"} {
			if text[i], err = w.registry.value(folder+`\`+name, value); absentIsFine(err) != nil {
				return err
			}
		}
		if text[0] != "" { // updates and parts have none
			all.packages = append(all.packages, entry{name: text[0], version: text[1], path: text[2]})
		}
	}
	return nil
}

func (w *windowsSoftware) service(_ context.Context, name string) (running bool, path string, err error) {
	if running, err = w.runs(name); absentIsFine(err) != nil {
		return false, "", err
	}
	path, _ = w.registry.value(services+name, "ImagePath") // it may be hidden, too
	if quoted, ok := strings.CutPrefix(path, `"`); ok {
		path, _, _ = strings.Cut(quoted, `"`)
	}
	return running, path, nil
}

func (w *windowsSoftware) key(name string) bool {
	if rest, ok := strings.CutPrefix(name, softwareKey); ok {
		if _, err := w.registry.keys(softwareKey + wow64 + rest); err == nil {
			return true
		}
	}
	_, err := w.registry.keys(name)
	return err == nil
}

// paths looks under a drive; other places are no paths of this machine.
func (*windowsSoftware) paths(pattern string) []string {
	drive, rest, ok := strings.Cut(pattern, `\`)
	if !ok || len(drive) != 2 || drive[1] != ':' {
		return nil
	}
	found := matchPaths(drive+`\`, strings.ReplaceAll(rest, `\`, "/"))
	for i, path := range found {
		found[i] = drive + strings.ReplaceAll(path, "/", `\`)
	}
	return found
}
