package rule_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/osiriscare/osiris/shared/rule"
)

const validRule = `rules:
  - id: test-rule
    name: Test
    when: severity == "medium"
    runbook: linux.test.kernel
    parameters: {mode: hard}
    priority: 10
    cooldown_seconds: 600
    max_retries: 2
    enabled: true
    source: custom
`

func TestARuleThatBreaksTheSchemaIsRefused(t *testing.T) {
	engine(t, validRule)
	for _, test := range []struct{ name, old, new, says string }{
		{"an unknown key", "priority: 10", "prioritty: 10", `unknown field "prioritty"`},
		{"a key twice", "name: Test", "name: Test\n    name: Other", "name"},
		{"an id with blanks", "id: test-rule", "id: test rule", "id is not"},
		{"no id", "id: test-rule", "id: ''", "id is not"},
		{"an oversized id", "id: test-rule", "id: " + strings.Repeat("x", 65), "id is not"},
		{"no name", "name: Test", "name: ''", "name has 0 bytes"},
		{"no condition", `when: severity == "medium"`, "when: ''", "compiling when"},
		{"a condition that does not compile", `when: severity == "medium"`, "when: severity =", "compiling when"},
		{"a condition that is no bool", `when: severity == "medium"`, "when: severity", "not bool"},
		{"an unknown runbook", "runbook: linux.test.kernel", "runbook: restart_service:x", "no such runbook"},
		{"the seed's runbook id", "runbook: linux.test.kernel", "runbook: LIN-KERN-001", "no such runbook"},
		{"no runbook", "runbook: linux.test.kernel", "runbook: ''", "no such runbook"},
		{"a parameter out of its schema", "mode: hard", "mode: brutal", "none of soft, hard"},
		{"an unknown parameter", "mode: hard", "shell: id", `"shell" is not one of them`},
		{"a negative priority", "priority: 10", "priority: -1", "priority is -1"},
		{"a priority that is a word", "priority: 10", "priority: first", "priority"},
		{"no cooldown", "cooldown_seconds: 600", "cooldown_seconds: 0", "cooldown_seconds is 0"},
		{"a cooldown over a week", "cooldown_seconds: 600", "cooldown_seconds: 604801", "cooldown_seconds is 604801"},
		{"a cooldown that would wrap", "cooldown_seconds: 600", "cooldown_seconds: 9223372036854775807", "cooldown_seconds is"},
		{"too many retries", "max_retries: 2", "max_retries: 11", "max_retries is 11"},
		{"an unknown source", "source: custom", "source: nowhere", "source"},
		{"a claim to be built in", "source: custom", "source: builtin", "source builtin is not for this folder"},
		{"a built-in rule's id", "id: test-rule", "id: linux-kernel-hardening", "it is also in builtin/linux.yaml"},
		{"an empty list", validRule, "rules: []", "empty"},
		{"another top key", "rules:", "rulez:", `unknown field "rulez"`},
		{"nothing", validRule, "", "not one document"},
		{"noise", validRule, "\x00\x01", "YAML"},
		{"a second document", validRule, validRule + "---\n" + validRule, "not one document but 2"},
		{"an alias", "name: Test", "name: &a Test", "anchors"},
		{"an oversized file", validRule, validRule + "# " + strings.Repeat("x", rule.MaxFile), "more than 65536 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(validRule, test.old) {
				t.Fatalf("the valid rule has no %q", test.old)
			}
			e := engine(t, validRule)
			err := e.Reload(folder(strings.Replace(validRule, test.old, test.new, 1)))
			if !errors.Is(err, rule.ErrInvalid) || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "rules.yaml") {
				t.Errorf("Reload = %v; want %v in rules.yaml saying %q", err, rule.ErrInvalid, test.says)
			}
			requireRules(t, e, "test-rule linux-kernel-hardening")
		})
	}
}

// requireRules compares the rules; one built-in rule stands for all of them.
func requireRules(t *testing.T, e *rule.Engine, want string) {
	t.Helper()
	var ids []string
	for _, r := range e.Rules() {
		if r.Source != rule.SourceBuiltin || r.ID == "linux-kernel-hardening" {
			ids = append(ids, r.ID)
		}
	}
	if got := strings.Join(ids, " "); got != want {
		t.Errorf("Rules() = %s; want %s", got, want)
	}
}

func TestOneBrokenFileOfManyKeepsTheOldRules(t *testing.T) {
	e := engine(t, validRule)
	err := e.Reload(fstest.MapFS{
		"a.yaml": {Data: []byte(strings.ReplaceAll(validRule, "test-rule", "new-rule"))},
		"b.yaml": {Data: []byte("rules: [")},
	})
	if err == nil || !strings.Contains(err.Error(), "b.yaml") {
		t.Errorf("Reload = %v; want an error naming b.yaml", err)
	}
	requireRules(t, e, "test-rule linux-kernel-hardening")
	if d := e.Pick(t.Context(), kern, now, nil); d.Outcome != rule.Matched || d.Rule.ID != "test-rule" {
		t.Errorf("Pick = %+v; want the old rule", d)
	}
}

func TestReloadReplacesTheRulesAtAnyDepth(t *testing.T) {
	e := engine(t, validRule)
	named := func(id, source string) *fstest.MapFile {
		text := strings.ReplaceAll(validRule, "test-rule", id)
		return &fstest.MapFile{Data: []byte(strings.ReplaceAll(text, "source: custom", "source: "+source))}
	}
	err := e.Reload(
		fstest.MapFS{"a.yml": named("a-rule", "custom"), "README.md": {Data: []byte("#")}},
		fstest.MapFS{"promoted/2026/b.yaml": named("b-rule", "promoted")},
	)
	if err != nil {
		t.Fatal(err)
	}
	requireRules(t, e, "a-rule b-rule linux-kernel-hardening")
	if err := e.Reload(); err != nil {
		t.Fatal(err)
	}
	requireRules(t, e, "linux-kernel-hardening")
}

func TestTheNumberOfRulesIsBounded(t *testing.T) {
	var text strings.Builder
	files := fstest.MapFS{}
	for i := range rule.MaxRules {
		text.WriteString(kernelRule(fmt.Sprintf("r-%d", i), "true", ""))
		if i%200 == 199 || i == rule.MaxRules-1 {
			files[fmt.Sprintf("f%d.yaml", i)] = &fstest.MapFile{Data: []byte("rules:\n" + text.String())}
			text.Reset()
		}
	}
	// The built-in rule makes one too many.
	if err := engine(t, "").Reload(files); !errors.Is(err, rule.ErrInvalid) || !strings.Contains(err.Error(), "already 512 rules") {
		t.Errorf("Reload(512 rules) = %v; want %v", err, rule.ErrInvalid)
	}
}

func TestPicksGoOnWhileRulesAreReloaded(t *testing.T) {
	e := engine(t, validRule)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 200 {
				if d := e.Pick(t.Context(), kern, now, nil); d.Outcome != rule.Matched {
					t.Errorf("Pick = %s, %v; want a match at any moment", d.Outcome, d.Err)
					return
				}
			}
		})
	}
	for range 50 {
		if err := e.Reload(folder(validRule)); err != nil {
			t.Fatal(err)
		}
	}
	group.Wait()
}

func FuzzReload(f *testing.F) {
	f.Add([]byte(validRule))
	f.Add([]byte("rules:\n" + kernelRule("a-rule", `facts.exists(k, facts[k].matches("^a+$"))`, "")))
	f.Add([]byte("rules: [{id: &a x, when: *a}]"))
	e := engine(f, "")
	f.Fuzz(func(t *testing.T, b []byte) {
		before := len(e.Rules())
		if err := e.Reload(folder(string(b))); err != nil {
			if !errors.Is(err, rule.ErrInvalid) {
				t.Fatalf("Reload = %v; want %v", err, rule.ErrInvalid)
			}
			if len(e.Rules()) != before {
				t.Fatal("a refused file changed the rules")
			}
			return
		}
		d := e.Pick(t.Context(), kern, now, nil)
		if d.Outcome == rule.Matched && (!d.Rule.Enabled || !d.Rule.Runbook.Heals(kern.Check)) {
			t.Fatalf("picked %+v", d.Rule)
		}
	})
}

func BenchmarkPickThroughAHundredRules(b *testing.B) {
	var text strings.Builder
	text.WriteString("rules:\n")
	for i := range 100 {
		text.WriteString(kernelRule(fmt.Sprintf("r-%d", i), fmt.Sprintf(`drift_type == "type_%d" && host.os == "linux" && has(facts.x)`, i), ""))
	}
	e := engine(b, text.String())
	b.ReportAllocs()
	for b.Loop() {
		if d := e.Pick(b.Context(), kern, now, nil); d.Outcome != rule.Matched {
			b.Fatal(d)
		}
	}
}
