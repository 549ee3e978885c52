package repocheck

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// file reads a file of the checkout.
func file(t *testing.T, name string) string {
	t.Helper()
	root, _ := project(t)
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// first is what a pattern's group finds in a file.
func first(t *testing.T, name, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(file(t, name))
	if m == nil {
		t.Fatalf("%s has nothing like %s", name, pattern)
	}
	return m[1]
}

func TestEveryFileNamesTheSameGo(t *testing.T) {
	want := first(t, "go.mod", `(?m)^go (\S+)$`)
	for name, pattern := range map[string]string{
		"dev":      `(?m)^readonly go_version=(\S+)$`,
		".bazelrc": `--repo_env=GOTOOLCHAIN=go(\S+)`,
	} {
		if got := first(t, name, pattern); got != want {
			t.Errorf("%s names Go %s; go.mod names %s", name, got, want)
		}
	}
}

func TestBazelAndDevGenUseTheSameGazelle(t *testing.T) {
	want := first(t, "go.mod", `github.com/bazelbuild/bazel-gazelle (v\S+)`)
	got := first(t, "WORKSPACE", `(?s)name = "bazel_gazelle".*?version = "(v[^"]+)"`)
	if got != want {
		t.Errorf("WORKSPACE has gazelle %s; go.mod has %s", got, want)
	}
	sum := first(t, "go.sum", `github.com/bazelbuild/bazel-gazelle `+regexp.QuoteMeta(want)+` (h1:\S+)`)
	if got := first(t, "WORKSPACE", `(?s)name = "bazel_gazelle".*?sum = "(h1:[^"]+)"`); got != sum {
		t.Errorf("WORKSPACE has gazelle's sum %s; go.sum has %s", got, sum)
	}
}

func TestTheWorkspaceIsOfNoMachine(t *testing.T) {
	for _, name := range []string{"WORKSPACE", "BUILD.bazel", ".bazelrc", "deps.bzl"} {
		for _, bad := range []string{"/usr/", "/home/", "/root/", "http://", "https://", "local_repository"} {
			if strings.Contains(file(t, name), bad) {
				t.Errorf("%s contains %q; what depends on a machine is in tools/bazel/debian.bazelrc or user.bazelrc", name, bad)
			}
		}
	}
}

func TestTheAgentHasTheSameFlagsInBothBuilds(t *testing.T) {
	plain := file(t, "tools/size/target.go")
	for _, flag := range []string{"-s", "-w", "-funcalign=1"} {
		if !strings.Contains(first(t, "tools/bazel/binary.bzl", `(?s)def agent_binary.*?gc_linkopts = (\[[^\]]*\])`), `"`+flag+`"`) {
			t.Errorf("tools/bazel/binary.bzl does not give the agent's linker %s", flag)
		}
		if !strings.Contains(first(t, "tools/size/target.go", `linkerFlags = "([^"]*)"`)+" ", flag+" ") {
			t.Errorf("tools/size/target.go does not give the linker %s", flag)
		}
	}
	for _, name := range []string{"tools/size/target.go", "tools/bazel/cross.bzl"} {
		if !strings.Contains(file(t, name), "osiris_agent") {
			t.Errorf("%s does not ask for the tag osiris_agent", name)
		}
	}
	if !strings.Contains(plain, `"-gcflags=all=-l"`) || first(t, "tools/bazel/cross.bzl", `"gc_goopts": \["([^"]*)"\] if attr.small`) != "-l" {
		t.Error("no inlining (-l) is not asked for in both tools/size/target.go and tools/bazel/cross.bzl")
	}
}
