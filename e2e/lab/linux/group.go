package linux

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// groupPrefix begins the name of each cgroup that Main makes; its process's id
// follows.
const groupPrefix = "osiris-lab-linux-"

// groupRoot is where the second version's cgroups are mounted; the first's may be
// beside them.
func groupRoot() (string, error) {
	f, err := os.Open("/proc/self/mounts")
	if err != nil {
		return "", fmt.Errorf("looking for cgroups: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 3 && fields[2] == "cgroup2" {
			return fields[1], nil
		}
	}
	return "", errors.New("looking for cgroups: no cgroup2 is mounted")
}

func ownGroup() string { return groupPrefix + strconv.Itoa(os.Getpid()) }

// makeGroup makes the cgroup of this process's targets, and removes those of
// processes that were killed before they could.
func makeGroup() (string, error) {
	root, err := groupRoot()
	if err != nil {
		return "", err
	}
	left, err := filepath.Glob(filepath.Join(root, groupPrefix+"*"))
	if err != nil {
		return "", fmt.Errorf("looking for cgroups: %w", err)
	}
	for _, group := range left {
		pid := strings.TrimPrefix(filepath.Base(group), groupPrefix)
		if _, err := os.Stat("/proc/" + pid); errors.Is(err, fs.ErrNotExist) {
			if err := removeGroup(group); err != nil {
				return "", err
			}
		}
	}
	group := filepath.Join(root, ownGroup())
	if err := os.Mkdir(group, 0o755); err != nil {
		return "", fmt.Errorf("making a cgroup: %w", err)
	}
	return group, nil
}

// removeGroup kills what is left in a cgroup and removes it and those below.
func removeGroup(group string) error {
	err := os.WriteFile(filepath.Join(group, "cgroup.kill"), []byte("1"), 0)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("ending the processes of a cgroup: %w", err)
	}
	// A process that was killed leaves its cgroup when it is gone.
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := removeFolders(group)
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

func removeFolders(group string) error {
	var all []string
	err := filepath.WalkDir(group, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && d.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("removing a cgroup: %w", err)
	}
	for _, path := range slices.Backward(all) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing a cgroup: %w", err)
		}
	}
	return nil
}
