package runbook_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

func TestTheEmbeddedCatalogueLoads(t *testing.T) {
	c, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Get("linux.sysctl.harden")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.SeedIDs, []string{"LIN-KERN-001"}) || r.Platform != "linux" || !r.Heals(check.SysctlHardening) ||
		r.Roads.Agent.Action != "sysctl.harden" || r.Timeout() != time.Minute || r.Disruptive || r.Reboot {
		t.Errorf("runbook = %+v", r)
	}
	if r.Heals(check.DiskSpace) {
		t.Error("Heals(disk_space) = true")
	}
	if got := c.For(check.SysctlHardening, "linux"); len(got) != 1 || got[0] != r {
		t.Errorf("For(sysctl_hardening, linux) = %v; want the one", got)
	}
	if got := c.For(check.SysctlHardening, "windows"); got != nil {
		t.Errorf("For(sysctl_hardening, windows) = %v; want none", got)
	}
}

// Every command and bundle names this hash; a change here is a new version of
// the fix, which is to be seen in review.
func TestTheHashIsThatOfTheFilesBytes(t *testing.T) {
	c, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range c.All() {
		b, err := os.ReadFile("catalog/" + r.ID + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		scripts := r.Roads.WinRM != nil || r.Roads.SSH != nil
		if (r.Hash == sha256.Sum256(b)) == scripts {
			t.Errorf("%s has scripts: %v, and Hash = %x", r.ID, scripts, r.Hash)
		}
	}
	r, err := runbook.Parse([]byte(valid))
	if err != nil {
		t.Fatal(err)
	}
	const want = "64998addbeaabfc8912943f570d65966e449cbdf773f278a2f0d9a40fe7f8372"
	if got := hex.EncodeToString(r.Hash[:]); got != want {
		t.Errorf("hash = %s; want %s", got, want)
	}
}

func TestTheSeedsIDIsNotDispatchedOn(t *testing.T) {
	c, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"LIN-KERN-001", "", "linux.sysctl.harden ", "LINUX.SYSCTL.HARDEN"} {
		if r, err := c.Get(id); !errors.Is(err, runbook.ErrUnknown) {
			t.Errorf("Get(%q) = %v, %v; want %v", id, r, err, runbook.ErrUnknown)
		}
	}
}

// valid is a runbook with a parameter of every type.
const valid = `id: linux.demo.fix
title: Demo
platform: linux
checks: [sysctl_hardening]
timeout_seconds: 30
citations: ["164.312(b)"]
parameters:
  name: {type: string, pattern: "[a-z]+", required: true}
  count: {type: int, min: -2, max: 10, default: "3"}
  force: {type: bool, default: "false"}
  mode: {type: enum, values: [soft, hard]}
roads:
  agent: {action: demo.fix}
`

func TestParametersPassTheSchema(t *testing.T) {
	r, err := runbook.Parse([]byte(valid))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name     string
		in, want map[string]string
		says     string
	}{
		{"defaults are filled in", map[string]string{"name": "a"}, map[string]string{"name": "a", "count": "3", "force": "false"}, ""},
		{"all are kept", map[string]string{"name": "a", "count": "10", "force": "true", "mode": "hard"}, map[string]string{"name": "a", "count": "10", "force": "true", "mode": "hard"}, ""},
		{"an int gets one spelling", map[string]string{"name": "a", "count": "+007"}, map[string]string{"name": "a", "count": "7", "force": "false"}, ""},
		{"a required one is missing", nil, nil, "name is missing"},
		{"an unknown one", map[string]string{"name": "a", "x": "1"}, nil, `"x" is not one of them`},
		{"an empty string", map[string]string{"name": ""}, nil, "does not match"},
		{"a string that only begins well", map[string]string{"name": "a; rm -rf /"}, nil, "does not match"},
		{"a string with a line break at its end", map[string]string{"name": "a\n"}, nil, "does not match"},
		{"an oversized string", map[string]string{"name": strings.Repeat("a", 1025)}, nil, "1025 bytes"},
		{"an int that is none", map[string]string{"name": "a", "count": "3.0"}, nil, "not a whole number"},
		{"an int below min", map[string]string{"name": "a", "count": "-3"}, nil, "out of bounds"},
		{"an int above max", map[string]string{"name": "a", "count": "11"}, nil, "out of bounds"},
		{"an int beyond 64 bits", map[string]string{"name": "a", "count": "99999999999999999999"}, nil, "not a whole number"},
		{"a bool in another spelling", map[string]string{"name": "a", "force": "True"}, nil, "neither true nor false"},
		{"an enum value in another case", map[string]string{"name": "a", "mode": "Hard"}, nil, "none of soft, hard"},
	} {
		got, err := r.Validate(test.in)
		if test.says == "" {
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("%s: Validate = %v (-want +got):\n%s", test.name, err, diff)
			}
			continue
		}
		if !errors.Is(err, runbook.ErrParameter) || !strings.Contains(err.Error(), test.says) || got != nil {
			t.Errorf("%s: Validate = %v, %v; want %v saying %q", test.name, got, err, runbook.ErrParameter, test.says)
		}
	}
}

func TestARunbookWithoutParametersTakesNone(t *testing.T) {
	c, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Get("linux.sysctl.harden")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.Validate(nil); err != nil || len(got) != 0 {
		t.Errorf("Validate(nil) = %v, %v", got, err)
	}
	if _, err := r.Validate(map[string]string{"root": "/"}); !errors.Is(err, runbook.ErrParameter) {
		t.Errorf("Validate(root) = %v; want %v", err, runbook.ErrParameter)
	}
}

func TestAFileThatBreaksTheSchemaIsRefused(t *testing.T) {
	if _, err := runbook.Parse([]byte(valid)); err != nil {
		t.Fatalf("Parse(valid) = %v", err)
	}
	for _, test := range []struct{ name, old, new, says string }{
		{"an unknown key", "title: Demo", "title: Demo\nshell: rm -rf /", `unknown field "shell"`},
		{"an unknown key of a road", "{action: demo.fix}", "{action: demo.fix, script: x}", `unknown field "script"`},
		{"a seed id in another spelling", "title: Demo", "title: Demo\nseed_ids: [x]", "seed id"},
		{"a seed id twice", "title: Demo", "title: Demo\nseed_ids: [LIN-A-001, LIN-A-001]", "there twice"},
		{"an alert without advice", "title: Demo", "title: Demo\nalert_only: true", "needs advice"},
		{"a condition of Windows on Linux", "title: Demo", "title: Demo\nconditions: {roles: [server]}", "conditions are for windows"},
		{"a road of another platform", "{action: demo.fix}", "{action: demo.fix}\n  winrm: {}", "roads.winrm is for windows"},
		{"a key twice", "title: Demo", "title: Demo\ntitle: Other", "title"},
		{"an id of another form", "id: linux.demo.fix", "id: RB-LIN-1", "is not <platform>.<noun>.<verb>"},
		{"an id that is a path", "id: linux.demo.fix", "id: linux.demo/../x", "is not <platform>"},
		{"another platform than the id's", "platform: linux", "platform: windows", "does not fit the id"},
		{"no title", "title: Demo", "title: ''", "title is empty"},
		{"no check", "checks: [sysctl_hardening]", "checks: []", "checks is empty"},
		{"a check twice", "checks: [sysctl_hardening]", "checks: [a, a]", "there twice"},
		{"a check that is no id", "checks: [sysctl_hardening]", "checks: ['a b']", "is no id"},
		{"no time limit", "timeout_seconds: 30", "timeout_seconds: 0", "timeout_seconds is 0"},
		{"a time limit over an hour", "timeout_seconds: 30", "timeout_seconds: 3601", "timeout_seconds is 3601"},
		{"a citation with the section sign", `"164.312(b)"`, `"§164.312(b)"`, "citation"},
		{"no road", "roads:\n  agent: {action: demo.fix}", "roads: {}", "roads is empty"},
		{"an action with a blank", "demo.fix}", "'demo fix'}", "is not a dotted name"},
		{"a string without a pattern", `pattern: "[a-z]+", `, "", "a string needs a pattern"},
		{"a pattern that does not compile", `"[a-z]+"`, `"[a-z"`, "compiling pattern"},
		{"a pattern that would explode", `"[a-z]+"`, `"((a{1000}){1000}){1000}"`, "compiling pattern"},
		{"an int without bounds", "min: -2, max: 10, ", "", "an int needs min and max"},
		{"bounds the wrong way round", "min: -2, max: 10", "min: 10, max: -2", "an int needs min and max"},
		{"an enum without values", "values: [soft, hard]", "values: []", "an enum needs values"},
		{"a default out of bounds", `default: "3"`, `default: "11"`, "checking default: 11 is out of bounds"},
		{"an unknown type", "type: bool", "type: script", `type "script"`},
		{"bounds of a bool", `{type: bool, default: "false"}`, "{type: bool, min: 1}", "do not go with type bool"},
		{"a parameter name with a blank", "  force:", "  'for ce':", "parameter name"},
		{"a list where a text belongs", "title: Demo", "title: [a]", "title"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(valid, test.old) {
				t.Fatalf("the valid runbook has no %q", test.old)
			}
			r, err := runbook.Parse([]byte(strings.Replace(valid, test.old, test.new, 1)))
			if !errors.Is(err, runbook.ErrInvalid) || !strings.Contains(err.Error(), test.says) || r != nil {
				t.Errorf("Parse = %v; want %v saying %q", err, runbook.ErrInvalid, test.says)
			}
		})
	}
}

func TestAnUnknownKeyIsNamedWithItsLine(t *testing.T) {
	_, err := runbook.Parse([]byte(strings.Replace(valid, "platform:", "shell: x\nplatform:", 1)))
	if err == nil || !strings.Contains(err.Error(), "[3:1]") {
		t.Errorf("Parse = %v; want line 3", err)
	}
}

func TestHostileFilesAreRefused(t *testing.T) {
	lol := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		b, c := string(rune('a'+i)), string(rune('b'+i))
		lol += c + ": &" + c + " [" + strings.Repeat("*"+b+", ", 8) + "*" + b + "]\n"
	}
	for name, content := range map[string]string{
		"nothing":                  "",
		"noise":                    "\x00\xff\xfe",
		"an oversized file":        valid + "# " + strings.Repeat("x", runbook.MaxFile),
		"deeply nested lists":      strings.Repeat("[", 5000),
		"deeply nested maps":       strings.Repeat("{a: ", 5000),
		"aliases of aliases":       lol,
		"aliases where checks are": strings.Replace(valid, "checks: [sysctl_hardening]", "checks: &a [*a, *a]", 1),
		"a tag":                    strings.Replace(valid, "title: Demo", "title: !!str Demo", 1),
		"an unknown tag on a list": strings.Replace(valid, "checks: [sysctl_hardening]", "checks: !x\n  a: b", 1),
		"a second document":        valid + "---\n" + strings.Replace(valid, "demo.fix", "demo.other", 2),
	} {
		if r, err := runbook.Parse([]byte(content)); !errors.Is(err, runbook.ErrInvalid) {
			t.Errorf("%s: Parse = %+v, %v; want %v", name, r, err, runbook.ErrInvalid)
		}
	}
}

func TestACatalogueIsLoadedAsAWholeOrNotAtAll(t *testing.T) {
	good := &fstest.MapFile{Data: []byte(valid)}
	for name, test := range map[string]struct {
		files fstest.MapFS
		says  string
	}{
		"a file that is broken":              {fstest.MapFS{"linux.demo.fix.yaml": good, "linux.other.fix.yaml": {Data: []byte("id: 1")}}, "linux.other.fix.yaml"},
		"a file that is named for another":   {fstest.MapFS{"linux.other.fix.yaml": good}, "its id wants the file linux.demo.fix.yaml"},
		"a folder in the place of a runbook": {fstest.MapFS{"linux.demo.fix.yaml/x": good}, "linux.demo.fix.yaml"},
	} {
		if c, err := runbook.LoadFS(test.files); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: LoadFS = %v, %v; want an error naming %s", name, c, err, test.says)
		}
	}
	c, err := runbook.LoadFS(fstest.MapFS{"linux.demo.fix.yaml": good, "README.md": {Data: []byte("#")}})
	if err != nil || len(c.All()) != 1 {
		t.Errorf("LoadFS = %v, %v; want the one runbook", c, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(valid))
	b, err := os.ReadFile("catalog/linux.sysctl.harden.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("checks: &a [*a]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := runbook.Parse(b)
		if err != nil {
			if !errors.Is(err, runbook.ErrInvalid) {
				t.Fatalf("error %v is not %v", err, runbook.ErrInvalid)
			}
			return
		}
		if r.ID == "" || len(r.Checks) == 0 || r.Timeout() <= 0 || r.Timeout() > time.Hour || r.Roads == (runbook.Roads{}) {
			t.Fatalf("accepted %+v", r)
		}
		if r.Hash != sha256.Sum256(b) {
			t.Fatal("the hash is not that of the bytes")
		}
		params := map[string]string{}
		for name := range r.Parameters {
			params[name] = "1"
		}
		if out, err := r.Validate(params); err == nil && len(out) != len(params) {
			t.Fatalf("Validate(%v) = %v", params, out)
		}
	})
}
