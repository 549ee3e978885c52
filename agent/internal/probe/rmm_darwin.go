package probe

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/command"
	"github.com/osiriscare/osiris/shared/check"
)

// macSoftware is what a Mac shows: launchd's folders, running programs, the
// applications folder.
type macSoftware struct{ *Probe }

func (p *Probe) readRMM(ctx context.Context) (check.Facts, error) {
	return detect(ctx, p.Signatures, macSoftware{p})
}

// expand has nothing to do here.
func expand(pattern string) string { return pattern }

func (s macSoftware) paths(pattern string) []string { return matchPaths(s.root, pattern) }

func (macSoftware) key(string) bool { return false }

// service: whether a job runs is seen by its program.
func (macSoftware) service(context.Context, string) (running bool, path string, err error) {
	return false, "", nil
}

var (
	jobFolders = [...]string{"/Library/LaunchDaemons", "/Library/LaunchAgents"}
	appFolders = [...]string{"/Applications", "/Applications/Utilities"}
)

func (s macSoftware) scan(ctx context.Context) (*inventory, error) {
	lines, err := command.Run(ctx, &command.Processes)
	if err != nil {
		return nil, err
	}
	all := &inventory{}
	for line := range bytes.Lines(lines) {
		if name := bytes.TrimSpace(line); len(name) > 0 {
			all.programs = append(all.programs, entry{name: string(name)})
		}
	}
	for _, folder := range &jobFolders {
		for _, name := range names(filepath.Join(s.root, folder), maxEntries) {
			if label, ok := strings.CutSuffix(name, ".plist"); ok {
				all.services = append(all.services, entry{name: label})
			}
		}
	}
	for _, folder := range &appFolders {
		for _, name := range names(filepath.Join(s.root, folder), maxEntries) {
			if app, ok := strings.CutSuffix(name, ".app"); ok && ctx.Err() == nil {
				path := folder + "/" + name
				info, _ := readUpTo(filepath.Join(s.root, path, "Contents/Info.plist")) // without it there is no version
				all.packages = append(all.packages, entry{name: app, version: bundleVersion(info), path: path})
			}
		}
	}
	return all, ctx.Err()
}

// infoLimit bounds an Info.plist; large ones have 30 KB.
const infoLimit = 256 << 10

func readUpTo(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(f, infoLimit))
	return content, errors.Join(err, f.Close())
}
