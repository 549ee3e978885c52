//go:build integration

package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// copyTree copies what is committed or about to be, as a person downloads it:
// without git.
func copyTree(t *testing.T) string {
	t.Helper()
	root, err := checkout()
	if err != nil {
		t.Fatal(err)
	}
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatalf("listing the tree: %v", err)
	}
	target := t.TempDir()
	for name := range strings.SplitSeq(strings.Trim(string(out), "\x00"), "\x00") {
		content, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(target, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(target, name), content, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	return target
}

// upResult is what ./dev up --json promises.
type upResult struct {
	OK    bool   `json:"ok"`
	Error string `json:"error"`
	Steps []struct {
		Name string `json:"name"`
		OK   bool   `json:"ok"`
		MS   int64  `json:"ms"`
	} `json:"steps"`
	DataDir      string `json:"data_dir"`
	EvidenceDir  string `json:"evidence_dir"`
	Trust        string `json:"trust"`
	DashboardURL string `json:"dashboard_url"`
}

func TestUpShowsARoundInACopyOfTheTree(t *testing.T) {
	tree := copyTree(t)
	var out, log bytes.Buffer
	cmd := exec.CommandContext(t.Context(), filepath.Join(tree, "dev"), "up", "--once", "--json", "--data", filepath.Join(t.TempDir(), "data"))
	cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), &out, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("./dev up --once --json: %v\n%s\n%s", err, out.String(), log.String())
	}
	var res upResult
	dec := json.NewDecoder(&out)
	if err := dec.Decode(&res); err != nil || dec.More() {
		t.Fatalf("standard output is not one JSON object: %v", err)
	}
	if !res.OK || len(res.Steps) < 26 || res.DashboardURL == "" {
		t.Errorf("result = %+v; want ok with all steps and a dashboard", res)
	}
	seen := map[string]bool{}
	for _, s := range res.Steps {
		seen[s.Name] = true
		if !s.OK {
			t.Errorf("step %q is not ok", s.Name)
		}
	}
	for _, name := range []string{
		"Windows hosts scanned over WinRM", "faults of the Windows hosts found, and nothing else", "summary of all workstations signed and proven",
		"repair of the spare host ordered, carried out and proven",
	} {
		if !seen[name] {
			t.Errorf("there is no step %q", name)
		}
	}
	judgeExport(t, res.EvidenceDir, res.Trust)
}

// judgeExport proves the export from files, and that one flipped byte in any
// file of a bundle's folder is found and named.
func judgeExport(t *testing.T, dir, trust string) {
	t.Helper()
	built, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	ctl := built["osirisctl"]
	if code, said := verify(t.Context(), ctl, dir, "--trust", trust); code != 0 {
		t.Errorf("verify with the fingerprint = %d; want 0: %s", code, said)
	}
	if code, said := verify(t.Context(), ctl, dir); code != 3 {
		t.Errorf("verify without a fingerprint = %d; want 3: %s", code, said)
	}
	if code, said := verify(t.Context(), ctl, dir, "--trust", strings.Repeat("ab", 32)); code != 1 {
		t.Errorf("verify with another fingerprint = %d; want 1: %s", code, said)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*", "*", "*", "*", "bundle.json"))
	if err != nil || len(found) == 0 {
		t.Fatalf("there are no bundles in %s: %v", dir, err)
	}
	for _, name := range []string{"bundle.json", "bundle.sig", "bundle.proof"} {
		path := filepath.Join(filepath.Dir(found[len(found)/2]), name)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int{0, len(content) / 3, len(content) / 2, len(content) - 1} {
			flipped := bytes.Clone(content)
			flipped[at] ^= 1
			if err := os.WriteFile(path, flipped, 0o600); err != nil {
				t.Fatal(err)
			}
			code, said := verify(t.Context(), ctl, filepath.Dir(path), "--trust", trust)
			if code != 1 || !strings.Contains(said, name) {
				t.Errorf("verify with byte %d of %s flipped = %d; want 1 and the file named: %s", at, name, code, said)
			}
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUpStopsEverythingAtCtrlC(t *testing.T) {
	root, err := checkout()
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(t.TempDir(), "data")
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, "dev"), "up", "--data", data)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// A terminal sends Ctrl-C to the whole group.
	interrupt := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	var said strings.Builder
	lines := bufio.NewScanner(out)
	asked := false
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "Ctrl-C stops everything") {
			asked = true
			if err := interrupt(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil || !asked {
		t.Fatalf("./dev up after Ctrl-C: %v; asked %t\n%s", err, asked, said.String())
	}
	for _, p := range running(t, data) {
		t.Errorf("still running: %s", p)
	}
}

// running lists the command lines of processes that name the folder.
func running(t *testing.T, folder string) []string {
	t.Helper()
	found, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range found {
		content, err := os.ReadFile(f)
		if err == nil && bytes.Contains(content, []byte(folder)) {
			lines = append(lines, strings.ReplaceAll(string(content), "\x00", " "))
		}
	}
	return lines
}
