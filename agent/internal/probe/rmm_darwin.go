package probe

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/command"
	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/shared/check"
)

func (p *Probe) readRMM(ctx context.Context) (check.Facts, error) {
	return detect(ctx, p.Signatures, p)
}

// shelves are the folders whose entries are services and applications.
var shelves = [...]struct {
	folder, suffix string
	kind           int
}{
	{"/Library/LaunchDaemons/", ".plist", wire.MarkService},
	{"/Library/LaunchAgents/", ".plist", wire.MarkService},
	{"/Applications/", ".app", wire.MarkPackage},
	{"/Applications/Utilities/", ".app", wire.MarkPackage},
}

func (p *Probe) scan(ctx context.Context) ([]entry, error) {
	lines, err := command.Run(ctx, &command.Processes)
	if err != nil {
		return nil, err
	}
	var all []entry
	for i := range shelves {
		shelf := &shelves[i]
		for _, name := range names(filepath.Join(p.root, shelf.folder)) {
			text, ok := strings.CutSuffix(name, shelf.suffix)
			if !ok {
				continue
			}
			e := entry{kind: shelf.kind, text: text, service: text}
			if e.kind == wire.MarkPackage {
				info, _ := os.ReadFile(filepath.Join(p.root, shelf.folder, name, "Contents/Info.plist")) // without it there is no version
				e.service, e.path, e.version = "", shelf.folder+name, bundleVersion(info)
			}
			all = append(all, e)
		}
	}
	for line := range strings.Lines(string(lines)) {
		all = append(all, entry{kind: wire.MarkProcess, text: strings.TrimSpace(line)})
	}
	return all, nil
}

// runs: whether a job runs is seen by its program.
func (p *Probe) runs(string) (bool, error) { return false, nil }
