package bundle

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// ErrNoEvidence means that a folder is neither a bundle's nor a part of an
// export.
var ErrNoEvidence = errors.New("holds no evidence; name a bundle's folder or the export's root")

// levels is what folders are called at each depth of an export.
var levels = []*regexp.Regexp{
	regexp.MustCompile(`^\d{4}$`), regexp.MustCompile(`^\d{2}$`), regexp.MustCompile(`^\d{2}$`),
	regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`),
}

// Depths of an export: what the folders inside are.
const (
	depthYears = iota
	depthMonths
	depthDays
	depthBundles
)

// IsFolder reports whether path is one bundle's folder rather than an export.
func IsFolder(path string) bool {
	for _, name := range []string{FileJSON, FileSig, FileProof} {
		if _, err := os.Lstat(filepath.Join(path, name)); err == nil {
			return true
		}
	}
	return false
}

// depthOf finds out which part of an export a folder is: all of it, a year, a
// month, or a day, which is any folder of bundles' folders.
func depthOf(dir string) (int, error) {
	inside, err := folders(dir)
	if err != nil {
		return 0, fmt.Errorf("reading %s: %w", dir, err)
	}
	found := -1
	for _, name := range inside {
		switch {
		case levels[depthYears].MatchString(name), name == DirTiles:
			return depthYears, nil // which holds the most
		case levels[depthBundles].MatchString(name):
			found = depthBundles
		case found < 0 && levels[depthMonths].MatchString(name):
			found = depthOfPair(filepath.Join(dir, name))
		}
	}
	if found < 0 {
		return 0, fmt.Errorf("%s %w", dir, ErrNoEvidence)
	}
	return found, nil
}

// depthOfPair tells a month's folder, in a year, from a day's, in a month: both
// have two digits.
func depthOfPair(dir string) int {
	inside, err := folders(dir)
	if err != nil {
		return -1 // another may be readable
	}
	for _, name := range inside {
		switch {
		case levels[depthBundles].MatchString(name):
			return depthDays
		case levels[depthDays].MatchString(name):
			return depthMonths
		}
	}
	return -1
}

// folders are the names of the folders in dir.
func folders(dir string) ([]string, error) {
	all, err := os.ReadDir(dir)
	var names []string
	for _, n := range all {
		if n.IsDir() {
			names = append(names, n.Name())
		}
	}
	return names, err
}
