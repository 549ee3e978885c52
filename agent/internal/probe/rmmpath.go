package probe

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/signature"
)

// Bounds of one pattern: a folder with more entries is not searched to its end,
// and a product with more copies is known well enough.
const (
	maxEntries = 4096
	maxPaths   = 8
)

// matchPaths are the files and folders under root that match a pattern with
// slashes. Only folders above a wildcard are listed.
func matchPaths(root, pattern string) []string {
	found := []string{""}
	for part := range strings.SplitSeq(strings.Trim(pattern, "/"), "/") {
		var next []string
		for _, folder := range found {
			if !signature.Wild(part) {
				if _, err := os.Lstat(filepath.Join(root, folder, part)); err == nil {
					next = append(next, folder+"/"+part)
				}
				continue
			}
			for _, name := range names(filepath.Join(root, folder), maxEntries) {
				if _, ok := signature.Match(part, name); ok {
					next = append(next, folder+"/"+name)
				}
			}
		}
		found = next
		if len(found) > maxPaths {
			found = found[:maxPaths]
		}
	}
	return found
}

// names are up to limit names of a folder; none when it is not there.
func names(folder string, limit int) []string {
	f, err := os.Open(folder)
	if err != nil {
		return nil
	}
	names, _ := f.Readdirnames(limit) // what came before an error counts
	_ = f.Close()                     // only read
	return names
}
