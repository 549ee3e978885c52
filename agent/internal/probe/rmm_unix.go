//go:build !windows

package probe

import (
	"os"

	"github.com/osiriscare/osiris/agent/internal/signature"
	"github.com/osiriscare/osiris/agent/internal/wire"
)

// Bounds of a folder: one with more entries is not read to its end, and a product
// with more copies is known well enough.
const (
	maxEntries = 4096
	maxPaths   = 8
)

// find looks for paths under the root; a wildcard may be in the last part.
func (p *Probe) find(kind int, pattern string) (found []string) {
	last := baseName(pattern)
	folder := pattern[:len(pattern)-len(last)]
	for _, name := range names(p.root + folder) {
		if _, ok := signature.Match(last, name); ok && kind == wire.MarkPath && len(found) < maxPaths {
			found = append(found, folder+name)
		}
	}
	return found
}

// names are those of a folder; none when it is not there.
func names(folder string) []string {
	f, err := os.Open(folder)
	if err != nil {
		return nil
	}
	names, _ := f.Readdirnames(maxEntries) // what came before an error counts
	_ = f.Close()                          // only read
	return names
}
