package rule_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/rule"
	"github.com/osiriscare/osiris/shared/runbook"
)

var (
	now  = time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	kern = rule.Input{
		Check: check.SysctlHardening, DriftType: "kernel_hardening_missing", Severity: "medium",
		Host:  rule.Host{OS: "linux", Hostname: "ehr-01"},
		Facts: check.Facts{{Name: "kernel.kptr_restrict", Value: "0"}, {Name: "note", Value: "first"}, {Name: "note", Value: "second"}},
	}
)

// catalogue is the embedded one plus runbooks that only tests know.
func catalogue(t testing.TB) *runbook.Catalogue {
	t.Helper()
	const text = "id: %s\ntitle: Test\nplatform: linux\nchecks: [%s]\ntimeout_seconds: 5\n" +
		"parameters:\n  mode: {type: enum, values: [soft, hard], default: soft}\nroads:\n  agent: {action: test.fix}\n"
	files := fstest.MapFS{
		"linux.test.kernel.yaml": {Data: fmt.Appendf(nil, text, "linux.test.kernel", "sysctl_hardening")},
		"linux.test.disk.yaml":   {Data: fmt.Appendf(nil, text, "linux.test.disk", "disk_space")},
	}
	embedded, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range embedded.All() { // the built-in rules name them
		content, err := os.ReadFile("../runbook/catalog/" + r.ID + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		files[r.ID+".yaml"] = &fstest.MapFile{Data: content}
	}
	harden, err := embedded.Get("linux.sysctl.harden")
	if err != nil {
		t.Fatal(err)
	}
	files["linux.sysctl.harden.yaml"] = &fstest.MapFile{Data: []byte(
		"id: linux.sysctl.harden\ntitle: " + harden.Title + "\nplatform: linux\nchecks: [sysctl_hardening]\n" +
			"timeout_seconds: 60\nroads:\n  agent: {action: sysctl.harden}\n")}
	c, err := runbook.LoadFS(files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// engine has the built-in rules and those of text, one file.
func engine(t testing.TB, text string) *rule.Engine {
	t.Helper()
	e, err := rule.New(catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	if text != "" {
		if err := e.Reload(folder(text)); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func folder(text string) fstest.MapFS { return fstest.MapFS{"rules.yaml": {Data: []byte(text)}} }

// kernelRule is a rule for kern that is tried before the built-in one.
func kernelRule(id, when, more string) string {
	return fmt.Sprintf("  - id: %s\n    name: Test\n    when: %q\n    runbook: linux.test.kernel\n    priority: 10\n%s", id, when, more)
}

func TestTheBuiltInRuleHealsKernelHardening(t *testing.T) {
	embedded, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	e, err := rule.New(embedded)
	if err != nil {
		t.Fatal(err)
	}
	d := e.Pick(t.Context(), kern, now, nil)
	if d.Outcome != rule.Matched || d.Rule.ID != "linux-kernel-hardening" || d.Rule.Runbook.ID != "linux.sysctl.harden" ||
		d.Rule.Source != rule.SourceBuiltin || d.Rule.Cooldown != 5*time.Second || d.Rule.MaxRetries != 1 {
		t.Errorf("Pick = %+v %+v; want the built-in rule", d, d.Rule)
	}
}

func TestADriftWithoutARuleHasNone(t *testing.T) {
	e := engine(t, "")
	for name, in := range map[string]rule.Input{
		"another drift type":  {Check: check.DiskSpace, DriftType: "low_disk_space", Host: rule.Host{OS: "linux"}},
		"another system":      {Check: check.SysctlHardening, DriftType: "kernel_hardening_missing", Host: rule.Host{OS: "windows"}},
		"nothing at all":      {},
		"a longer drift type": {Check: check.SysctlHardening, DriftType: "kernel_hardening_missing2", Host: rule.Host{OS: "linux"}},
	} {
		if d := e.Pick(t.Context(), in, now, nil); d.Outcome != rule.NoRule || d.Rule != nil {
			t.Errorf("%s: Pick = %+v; want no rule", name, d)
		}
	}
}

func TestConditionsSeeTheDrift(t *testing.T) {
	for _, test := range []struct {
		when string
		want rule.Outcome
	}{
		{`check_id == "sysctl_hardening"`, rule.Matched},
		{`check_id == "disk_space"`, rule.NoRule},
		{`severity in ["medium", "high"]`, rule.Matched},
		{`host.hostname.startsWith("ehr-")`, rule.Matched},
		{`host.hostname.matches("^ehr-[0-9]+$")`, rule.Matched},
		{`host.os != "linux"`, rule.NoRule},
		{`facts["kernel.kptr_restrict"] == "0"`, rule.Matched},
		{`int(facts["kernel.kptr_restrict"]) < 1`, rule.Matched},
		{`"kernel.kptr_restrict" in facts && facts["kernel.kptr_restrict"] != "0"`, rule.NoRule},
		{`facts.note == "first"`, rule.Matched},
		{`facts.exists(name, name.startsWith("kernel."))`, rule.Matched},
		{`has(facts.missing)`, rule.NoRule},
		{`facts.missing == "1"`, rule.NoRule},
		{`facts.missing != "1"`, rule.NoRule},
		{`facts.missing != "1" || severity == "medium"`, rule.Matched},
		{`true`, rule.Matched},
		{`false`, rule.NoRule},
	} {
		e := engine(t, "rules:\n"+kernelRule("test-rule", test.when, ""))
		in := kern
		in.DriftType = "something_else" // the built-in rule stays out
		d := e.Pick(t.Context(), in, now, nil)
		if d.Outcome != test.want {
			t.Errorf("when %s: Pick = %s (%v); want %s", test.when, d.Outcome, d.Err, test.want)
		}
	}
}

func TestTheLowestPriorityNumberIsTriedFirstThenTheID(t *testing.T) {
	text := "rules:\n" +
		kernelRule("b-rule", "true", "    parameters: {mode: hard}\n") +
		kernelRule("a-rule", "true", "") +
		strings.Replace(kernelRule("c-rule", "true", ""), "priority: 10", "priority: 9", 1) +
		strings.Replace(kernelRule("d-rule", "true", "    enabled: false\n"), "priority: 10", "priority: 1", 1)
	e := engine(t, text)
	requireRules(t, e, "d-rule c-rule a-rule b-rule linux-kernel-hardening")
	d := e.Pick(t.Context(), kern, now, nil)
	if d.Outcome != rule.Matched || d.Rule.ID != "c-rule" || d.Rule.Parameters["mode"] != "soft" || d.Rule.Source != rule.SourceCustom {
		t.Errorf("Pick = %+v; want c-rule with the default parameters: d-rule is disabled", d.Rule)
	}
}

func TestARuleThatMatchedEndsTheSearch(t *testing.T) {
	e := engine(t, "rules:\n"+kernelRule("test-rule", "true", "    cooldown_seconds: 300\n    max_retries: 2\n"))
	year := 365 * 24 * time.Hour
	for _, test := range []struct {
		name string
		past rule.Past
		want rule.Outcome
	}{
		{"it never ran", rule.Past{}, rule.Matched},
		{"it began just now", rule.Past{LastRun: now, Tries: 1}, rule.Cooling},
		{"its cooldown has a second left", rule.Past{LastRun: now.Add(-299 * time.Second), Tries: 1}, rule.Cooling},
		{"its cooldown is over", rule.Past{LastRun: now.Add(-300 * time.Second), Tries: 1}, rule.Matched},
		{"it healed and is cooling", rule.Past{LastRun: now.Add(-time.Second)}, rule.Cooling},
		{"it has one retry left", rule.Past{LastRun: now.Add(-year), Tries: 2}, rule.Matched},
		{"it has no retry left", rule.Past{LastRun: now.Add(-year), Tries: 3}, rule.Exhausted},
		{"it has no retry left and is cooling", rule.Past{LastRun: now, Tries: 3}, rule.Exhausted},
		{"it ran a little in the future", rule.Past{LastRun: now.Add(time.Second), Tries: 1}, rule.Cooling},
		{"it ran in a year that a wrong clock made", rule.Past{LastRun: now.Add(year), Tries: 1}, rule.Matched},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked := ""
			d := e.Pick(t.Context(), kern, now, func(id string) rule.Past { asked += id; return test.past })
			// The built-in rule matches too and must not be reached.
			if d.Outcome != test.want || d.Rule.ID != "test-rule" || asked != "test-rule" {
				t.Errorf("Pick = %s by %s after asking for %s; want %s by test-rule", d.Outcome, d.Rule.ID, asked, test.want)
			}
			if until := test.past.LastRun.Add(5 * time.Minute); test.want == rule.Cooling && !d.Until.Equal(until) {
				t.Errorf("Until = %s; want %s", d.Until, until)
			}
		})
	}
}

func TestARuleThatPicksTheWrongRunbookIsBroken(t *testing.T) {
	disk := strings.Replace(kernelRule("disk-rule", "true", ""), "linux.test.kernel", "linux.test.disk", 1)
	d := engine(t, "rules:\n"+disk).Pick(t.Context(), kern, now, nil)
	if d.Outcome != rule.Broken || !strings.Contains(d.Err.Error(), "linux.test.disk, which is not for sysctl_hardening on ") {
		t.Errorf("Pick = %s, %v; want it broken", d.Outcome, d.Err)
	}
	for _, system := range []string{"windows", "", "linux2"} {
		in := kern
		in.Host.OS = system
		if d := engine(t, "rules:\n"+kernelRule("test-rule", "true", "")).Pick(t.Context(), in, now, nil); d.Outcome != rule.Broken {
			t.Errorf("on %q: Pick = %s; want it broken", system, d.Outcome)
		}
	}
}

// A condition's text is the operator's, what it reads is anybody's. Whatever
// the two make together ends within the bounds, and never as a match.
func TestACostlyConditionIsBrokenAndEndsTheSearch(t *testing.T) {
	in := kern
	in.Facts = nil
	for i := range 64 {
		in.Facts = append(in.Facts, check.Fact{Name: fmt.Sprintf("f%02d", i), Value: strings.Repeat("a", 4096)})
	}
	in.Facts[0].Value = "((((a{30}){30}){30}){30})"
	// A slow machine meets the limit of time before that of cost.
	for _, test := range []struct{ name, when, says string }{
		{"a long chain over all facts", `facts.all(k, ` + strings.Repeat(`facts[k].contains("ab") || `, 60) + `facts[k].size() > 0)`, "cost limit|operation cancelled|context deadline exceeded"},
		{"a regular expression over all facts many times", strings.Repeat(`facts.exists(k, facts[k].matches("(a*)*b")) || `, 20) + "true", "cost limit|operation cancelled|context deadline exceeded"},
		{"long texts made of all facts", `facts.map(k, ` + strings.Repeat("facts.f01+", 20) + `"").size() == 64`, "operation cancelled"},
		{"a number that is none", `int(facts.f01) > 0`, "type conversion"},
		{"an index out of range", `["a"][int(double(1))] == "a"`, "out of bounds"},
		{"a division by zero", `1 / (severity == "medium" ? 0 : 1) == 1`, "division by zero"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := engine(t, "rules:\n"+kernelRule("test-rule", test.when, ""))
			d := e.Pick(t.Context(), in, now, nil)
			said := func(word string) bool { return strings.Contains(d.Err.Error(), word) }
			if d.Outcome != rule.Broken || d.Rule.ID != "test-rule" || !slices.ContainsFunc(strings.Split(test.says, "|"), said) {
				t.Errorf("Pick = %s by %v: %v; want test-rule broken, saying %q", d.Outcome, d.Rule, d.Err, test.says)
			}
		})
	}
}

func TestAnEndedContextEndsTheSearchWithoutAMatch(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := engine(t, "").Pick(ctx, kern, now, nil)
	if d.Outcome != rule.Broken || !errors.Is(d.Err, context.Canceled) {
		t.Errorf("Pick = %s, %v; want it broken by %v", d.Outcome, d.Err, context.Canceled)
	}
}
