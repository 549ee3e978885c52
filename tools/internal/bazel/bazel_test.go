package bazel

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// programs puts a shell script on an otherwise empty PATH.
func programs(t *testing.T, scripts map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
}

func TestABazelOnThePathIsTakenOnlyIfItFits(t *testing.T) {
	for name, tt := range map[string]struct {
		scripts map[string]string
		want    string // in the reason; empty when it is taken
	}{
		"seven":              {map[string]string{"bazel": "echo bazel 7.7.1"}, ""},
		"bazelisk":           {map[string]string{"bazelisk": "echo bazel 8.4.0"}, ""},
		"none":               {nil, "neither bazel nor bazelisk"},
		"four":               {map[string]string{"bazel": "echo bazel 4.2.3"}, `version "4.2.3"`},
		"nine":               {map[string]string{"bazel": "echo bazel 9.0.0"}, `version "9.0.0"`},
		"without a version":  {map[string]string{"bazel": "echo bazel no_version"}, `version "no_version"`},
		"that cannot start":  {map[string]string{"bazel": "exit 1"}, "does not start"},
		"that says nothing":  {map[string]string{"bazel": ":"}, `version ""`},
		"with a development": {map[string]string{"bazel": "echo bazel 7.7.1-debian"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			programs(t, tt.scripts)
			path, about, why := onPath(t.Context(), t.TempDir())
			switch {
			case tt.want == "" && (why != nil || path == "" || about == ""):
				t.Errorf("onPath = %q, %q, %v; want it taken", path, about, why)
			case tt.want != "" && (why == nil || !strings.Contains(why.Error(), tt.want)):
				t.Errorf("onPath = %q, %v; want a reason with %q", path, why, tt.want)
			}
		})
	}
}

func TestWithoutAnyBazelOneLineSaysWhatToDo(t *testing.T) {
	programs(t, nil)
	dirs := Dirs{Cache: filepath.Join(t.TempDir(), "bazel")}
	_, err := Find(t.Context(), t.TempDir(), dirs, os.Stderr)
	if err == nil || !strings.Contains(err.Error(), "install bazelisk") || strings.Contains(err.Error(), "\n") {
		t.Errorf("Find = %v; want one line that says to install bazelisk", err)
	}
}

func TestAMirrorIsDebiansOwnAndNoneForSecurity(t *testing.T) {
	programs(t, map[string]string{"apt-get": `echo "Other stable other:/repo"
echo "Debian oldstable-security debian:/security"
echo "Debian oldstable debian:/main"`})
	if got, err := mirror(t.Context()); err != nil || got != "debian:/main" {
		t.Errorf("mirror = %q, %v; want debian:/main", got, err)
	}
	programs(t, map[string]string{"apt-get": "echo Other stable other:/repo"})
	if got, err := mirror(t.Context()); err == nil {
		t.Errorf("mirror = %q; want an error without Debian", got)
	}
}

func TestShutdownHasTheStartupOptionsOnly(t *testing.T) {
	got := startupOf([]string{"--bazelrc=a", "--output_user_root=b", "build", "--config=race", "//..."})
	if want := []string{"--bazelrc=a", "--output_user_root=b"}; !slices.Equal(got, want) {
		t.Errorf("startupOf = %v; want %v", got, want)
	}
}

func TestPurgeRemovesWhatBazelProtected(t *testing.T) {
	dirs := Dirs{Cache: filepath.Join(t.TempDir(), "bazel")}
	folder := filepath.Join(dirs.Cache, "out", "bin")
	if err := errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(filepath.Join(folder, "x"), nil, 0o400), os.Chmod(folder, 0o500)); err != nil {
		t.Fatal(err)
	}
	if err := Purge(dirs); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(dirs.Cache); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Lstat = %v; want it gone", err)
	}
	if err := Purge(Dirs{Cache: t.TempDir()}); err == nil {
		t.Error("Purge of a folder with another name = nil; want it refused")
	}
}

func TestACacheFolderMustBeAbsolute(t *testing.T) {
	t.Setenv("OSIRIS_CACHE", "here")
	if d, err := DefaultDirs(); err == nil {
		t.Errorf("DefaultDirs = %v; want an error", d)
	}
	t.Setenv("OSIRIS_CACHE", "/x")
	if d, err := DefaultDirs(); err != nil || d.Disk != "/x/bazel/disk" {
		t.Errorf("DefaultDirs = %v, %v; want folders under /x/bazel", d, err)
	}
}
