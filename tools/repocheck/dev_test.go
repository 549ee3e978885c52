package repocheck

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/tools/internal/repo"
)

// dev runs ./dev with only the named programs in reach, a shell script in the
// place of those with a text.
func dev(t *testing.T, programs map[string]string, args ...string) (int, string, string) {
	t.Helper()
	root, err := repo.Root()
	if err != nil {
		t.Fatal(err)
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir()
	for _, real := range []string{"dirname", "awk", "mkdir", "cat"} {
		found, err := exec.LookPath(real)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(found, filepath.Join(path, real)); err != nil {
			t.Fatal(err)
		}
	}
	for name, script := range programs {
		if err := os.WriteFile(filepath.Join(path, name), []byte("#!"+bash+"\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var out, log strings.Builder
	cmd := exec.CommandContext(t.Context(), bash, append([]string{filepath.Join(root, "dev")}, args...)...)
	cmd.Dir, cmd.Env = t.TempDir(), []string{"PATH=" + path}
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), log.String()
}

func TestDevSaysInOneLineWhatTheMachineLacks(t *testing.T) {
	const newGo = "echo go1.26.8\n"
	tests := []struct {
		name     string
		programs map[string]string
		verb     string
		want     string
	}{
		{"no Go", nil, "up", "Go is missing"},
		{"a Go that cannot fetch another", map[string]string{"go": "echo go1.20.3\n"}, "up", "Go is too old: this is go1.20.3"},
		{"a Go that cannot reach the proxy", map[string]string{"go": `case $1 in env) echo go1.22.1;; *) echo "go: download go1.26.8: no route" >&2; exit 1;; esac` + "\n"}, "up", "Go cannot get its version go1.26.8: go: download go1.26.8: no route"},
		{"no git", map[string]string{"go": newGo}, "test", "git is missing"},
		{"an old git", map[string]string{"go": newGo, "git": "echo git version 1.8.3.1\n"}, "lint", "git is too old: this is 1.8.3.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, _, log := dev(t, tt.programs, tt.verb)
			if code != 1 || !strings.Contains(log, tt.want) || strings.Count(log, "\n") != 1 {
				t.Errorf("./dev %s = %d, %q; want 1 and one line with %q", tt.verb, code, log, tt.want)
			}
		})
	}
}

func TestDevUpInJSONModeSaysAlsoWithoutGoWhatIsMissing(t *testing.T) {
	code, out, _ := dev(t, nil, "up", "--once", "--json")
	var res struct {
		OK    *bool  `json:"ok"`
		Error string `json:"error"`
	}
	if err := json.Unmarshal([]byte(out), &res); err != nil {
		t.Fatalf("standard output %q is not one JSON object: %v", out, err)
	}
	if code != 1 || res.OK == nil || *res.OK || !strings.Contains(res.Error, "Go is missing") {
		t.Errorf("./dev up = %d, %s; want 1, ok false and the reason", code, out)
	}
}

func TestDevHelpListsEveryVerbItHas(t *testing.T) {
	code, out, _ := dev(t, nil, "help")
	if code != 0 {
		t.Fatalf("./dev help = %d; want 0, also without Go", code)
	}
	for _, verb := range []string{"up", "test", "lint", "gen", "size", "bench", "run", "help"} {
		if !strings.Contains(out, "\n  "+verb+" ") {
			t.Errorf("./dev help does not list %s:\n%s", verb, out)
		}
	}
	if code, _, log := dev(t, map[string]string{"go": "echo go1.26.8\n"}, "wat"); code != 1 || !strings.Contains(log, "no verb wat") {
		t.Errorf("./dev wat = %d, %q; want 1 and the verb named", code, log)
	}
}
