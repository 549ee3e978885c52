package runbook_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// scripted is a runbook with scripts.
const scripted = `id: windows.demo.fix
title: Demo
platform: windows
checks: [firewall]
timeout_seconds: 30
parameters:
  mode: {type: enum, values: [soft, hard], default: soft}
roads:
  winrm:
    snapshot:
      timeout_seconds: 5
      reads: ['service:MpsSvc']
    remediate:
      timeout_seconds: 20
      reads: ['service:MpsSvc']
      writes: ['registry:HKLM\SOFTWARE\Demo!Value']
      effects:
        - {set: demo.value, to: 1}
        - {set: demo.mode, to: $parameter.mode}
    rollback:
      timeout_seconds: 20
      writes: ['registry:HKLM\SOFTWARE\Demo!Value']
      effects:
        - {set: demo.value, to: $snapshot.demo.value}
`

// scripts are the files that scripted needs.
func scripts() fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"windows/bootstrap.ps1":                  file("# comment\n  'boot'\n"),
		"windows/prelude.ps1":                    file("'prelude'\n"),
		"windows/facts/firewall.ps1":             file("'facts'\n"),
		"windows/facts/firewall.yaml":            file("timeout_seconds: 5\nreads: ['service:MpsSvc']\n"),
		"windows/windows.demo.fix.snapshot.ps1":  file("'snapshot'\n"),
		"windows/windows.demo.fix.remediate.ps1": file("'remediate'\n"),
		"windows/windows.demo.fix.rollback.ps1":  file("'rollback'\n"),
		"linux/prelude.sh":                       file("prelude\n"),
		"linux/postlude.sh":                      file("postlude\n"),
		"linux/facts/sshd_root_login.sh":         file("facts\n"),
		"linux/facts/sshd_root_login.yaml":       file("timeout_seconds: 5\nreads: ['command:sshd']\n"),
	}
}

func folder(text string) fstest.MapFS {
	return fstest.MapFS{"windows.demo.fix.yaml": {Data: []byte(text)}}
}

func demo(t testing.TB) *runbook.Catalogue {
	t.Helper()
	c, err := runbook.LoadFolders(folder(scripted), scripts())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestARoadHasItsScriptsAndDeclarations(t *testing.T) {
	r, err := demo(t).Get("windows.demo.fix")
	if err != nil {
		t.Fatal(err)
	}
	p := r.Roads.WinRM.Remediate
	if p.Script == nil || p.Script.Body != "'remediate'\n" || p.Script.Kind != runbook.Remediate || p.Script.Runbook != r.ID ||
		p.Script.TimeoutSeconds != 20 || len(p.Script.Writes) != 1 || p.Script.Effects[0].To != int64(1) {
		t.Errorf("remediate = %+v", p.Script)
	}
	if got := demo(t).Texts().Checks("windows"); len(got) != 1 || got[0] != check.Firewall {
		t.Errorf("Checks(windows) = %v; want the firewall", got)
	}
}

func TestTheHashCoversEveryTextThatRuns(t *testing.T) {
	before, err := demo(t).Get("windows.demo.fix")
	if err != nil {
		t.Fatal(err)
	}
	for name := range scripts() {
		if strings.HasSuffix(name, ".yaml") {
			continue
		}
		changed := scripts()
		changed[name].Data = append(changed[name].Data, '\n')
		c, err := runbook.LoadFolders(folder(scripted), changed)
		if err != nil {
			t.Fatal(err)
		}
		after, err := c.Get("windows.demo.fix")
		if err != nil {
			t.Fatal(err)
		}
		if (after.Hash != before.Hash) != strings.HasPrefix(name, "windows/") {
			t.Errorf("%s changed; the hash was %x and is %x", name, before.Hash[:4], after.Hash[:4])
		}
	}
}

func TestScriptsAndRunbooksMustFit(t *testing.T) {
	for name, test := range map[string]struct {
		change func(files fstest.MapFS)
		says   string
	}{
		"a phase without its script":   {func(f fstest.MapFS) { delete(f, "windows/windows.demo.fix.rollback.ps1") }, "windows.demo.fix.rollback.ps1"},
		"a script of no runbook":       {func(f fstest.MapFS) { f["windows/windows.other.fix.remediate.ps1"] = f["windows/prelude.ps1"] }, "no runbook has this phase"},
		"a script of an unknown phase": {func(f fstest.MapFS) { f["windows/windows.demo.fix.attack.ps1"] = f["windows/prelude.ps1"] }, "no runbook has this phase"},
		"a check without its facts":    {func(f fstest.MapFS) { delete(f, "windows/facts/firewall.ps1") }, "facts/firewall.ps1"},
		"facts that declare nothing": {func(f fstest.MapFS) {
			f["windows/facts/firewall.yaml"].Data = []byte("timeout_seconds: 5\nreads: []\n")
		}, "reads is empty"},
		"facts without a declaration":    {func(f fstest.MapFS) { delete(f, "windows/facts/firewall.yaml") }, "needs its declaration"},
		"a script of another shell":      {func(f fstest.MapFS) { f["windows/x.fix.remediate.sh"] = f["linux/prelude.sh"] }, "scripts are .ps1"},
		"a script that is not ASCII":     {func(f fstest.MapFS) { f["windows/prelude.ps1"].Data = []byte("'\xe4'") }, "a script is ASCII"},
		"a script with carriage returns": {func(f fstest.MapFS) { f["windows/prelude.ps1"].Data = []byte("'a'\r\n") }, "a script is ASCII"},
		"an oversized script":            {func(f fstest.MapFS) { f["windows/prelude.ps1"].Data = make([]byte, runbook.MaxText+1) }, "at most"},
		"an undeclared kind of a resource": {func(f fstest.MapFS) {
			f["windows/facts/firewall.yaml"].Data = []byte("timeout_seconds: 5\nreads: [disk]\n")
		}, "is not KIND:NAME"},
	} {
		files := scripts()
		test.change(files)
		if c, err := runbook.LoadFolders(folder(scripted), files); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: LoadFolders = %v, %v; want an error saying %q", name, c, err, test.says)
		}
	}
}

func TestAPhaseIsKnownByItsTextAlone(t *testing.T) {
	files, books := scripts(), folder(scripted)
	books["windows.other.fix.yaml"] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(scripted, "windows.demo.fix", "windows.other.fix"))}
	for name, text := range map[string]string{"snapshot": "'other snapshot'\n", "remediate": "'remediate'\n", "rollback": "'other rollback'\n"} {
		files["windows/windows.other.fix."+name+".ps1"] = &fstest.MapFile{Data: []byte(text)}
	}
	if c, err := runbook.LoadFolders(books, files); err == nil || !strings.Contains(err.Error(), "windows.demo.fix.remediate.ps1 is the same") {
		t.Errorf("LoadFolders = %v, %v; want the two that are the same named", c, err)
	}
}

func TestARoadThatBreaksTheSchemaIsRefused(t *testing.T) {
	for _, test := range []struct{ name, old, new, says string }{
		{"a snapshot that writes", "reads: ['service:MpsSvc']\n    remediate", "writes: ['service:MpsSvc']\n    remediate", "snapshot writes"},
		{"a fix without effects", "      effects:\n        - {set: demo.value, to: 1}\n        - {set: demo.mode, to: $parameter.mode}\n", "", "has no effects"},
		{"a fix that writes nothing", "      writes: ['registry:HKLM\\SOFTWARE\\Demo!Value']\n      effects:\n        - {set: demo.value, to: 1}", "      effects:\n        - {set: demo.value, to: 1}", "writes nothing"},
		{"a phase that takes longer than all", "timeout_seconds: 20\n      reads", "timeout_seconds: 31\n      reads", "not 1 to the runbook's 30"},
		{"an effect on no path", "set: demo.value, to: 1", "set: 'demo value', to: 1", "not a path"},
		{"an effect under a condition on no path", "set: demo.value, to: 1", "set: demo.value, to: 1, when: {'demo mode': 1}", "not a path"},
		{"an effect under a condition on any member", "set: demo.value, to: 1", "set: demo.value, to: 1, when: {demo.*: 1}", "every * is one of"},
		{"an effect under a condition that is a list of lists", "set: demo.value, to: 1", "set: demo.value, to: 1, when: {demo.mode: [[1]]}", "whole number"},
		{"an effect that is set in an unknown way", "set: demo.value, to: 1", "set: demo.value, to: 1, how: double", "is not raise, lower or add"},
		{"a refusal without a reason", "reads: ['service:MpsSvc']\n    remediate", "reads: ['service:MpsSvc']\n      refuses: [{when: {demo.value: 1}}]\n    remediate", "because of what"},
		{"a refusal without a condition", "reads: ['service:MpsSvc']\n    remediate", "reads: ['service:MpsSvc']\n      refuses: [{because: so}]\n    remediate", "neither when nor unless"},
		{"a refusal when something was changed", "      effects:\n        - {set: demo.value, to: 1}", "      refuses: [{when: {demo.value: 1}, because: so}]\n      effects:\n        - {set: demo.value, to: 1}", "only the snapshot can"},
		{"an effect that is a list", "set: demo.value, to: 1", "set: demo.value, to: [1]", "whole number"},
		{"an effect with an unknown parameter", "$parameter.mode", "$parameter.none", `no parameter "none"`},
		{"an effect with the snapshot of another path", "$snapshot.demo.value", "$snapshot.demo.other", "neither a parameter nor the snapshot"},
		{"a resource twice", "reads: ['service:MpsSvc']\n    remediate", "reads: ['service:A', 'service:A']\n    remediate", "there twice"},
		{"a resource of no kind", "registry:HKLM\\SOFTWARE\\Demo!Value']\n      effects:\n        - {set: demo.value, to: 1}", "C:\\x']\n      effects:\n        - {set: demo.value, to: 1}", "is not KIND:NAME"},
		{"a reason against a rollback that there is", "    rollback:", "    no_rollback: why\n    rollback:", "either rollback or no_rollback"},
		{"phases of an alert", "title: Demo", "title: Demo\nalert_only: true\nadvice: x\n", "alert-only"},
		{"a role that is none", "title: Demo", "title: Demo\nconditions: {roles: [boss]}", "is no role"},
	} {
		if !strings.Contains(scripted, test.old) {
			t.Fatalf("%s: the runbook has no %q", test.name, test.old)
		}
		r, err := runbook.Parse([]byte(strings.Replace(scripted, test.old, test.new, 1)))
		if !errors.Is(err, runbook.ErrInvalid) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: Parse = %v, %v; want %q", test.name, r, err, test.says)
		}
	}
}

func TestAnAlertHasARoadAndNoPhases(t *testing.T) {
	text := scripted[:strings.Index(scripted, "parameters:")] + "alert_only: true\nadvice: Do it.\nroads:\n  winrm: {}\n"
	files := scripts()
	for name := range files {
		if strings.Contains(name, "demo.fix") {
			delete(files, name)
		}
	}
	c, err := runbook.LoadFolders(folder(text), files)
	if err != nil {
		t.Fatal(err)
	}
	if r := c.All()[0]; !r.AlertOnly || r.Roads.WinRM == nil || r.Roads.WinRM.Remediate != nil {
		t.Errorf("the alert is %+v", r)
	}
}

func TestConditionsSayWhoIsMeant(t *testing.T) {
	facts := func(product, role, edition string) check.Facts {
		var f check.Facts
		for name, value := range map[string]string{check.FactProductType: product, check.FactDomainRole: role, check.FactEdition: edition} {
			if value != "" {
				f.Add(name, value)
			}
		}
		return f
	}
	yes, no := true, false
	for _, test := range []struct {
		name string
		c    runbook.Conditions
		f    check.Facts
		want bool
	}{
		{"no condition", runbook.Conditions{}, nil, true},
		{"a workstation among workstations", runbook.Conditions{Roles: []string{"workstation"}}, facts("1", "", ""), true},
		{"a server among workstations", runbook.Conditions{Roles: []string{"workstation"}}, facts("3", "", ""), false},
		{"a role that is not known", runbook.Conditions{Roles: []string{"workstation"}}, nil, false},
		{"a member where a domain is asked for", runbook.Conditions{Domain: &yes}, facts("", "1", ""), true},
		{"a member where none is", runbook.Conditions{Domain: &no}, facts("", "3", ""), false},
		{"a host of a workgroup", runbook.Conditions{Domain: &no}, facts("", "2", ""), true},
		{"a domain that is not known", runbook.Conditions{Domain: &no}, nil, false},
		{"an edition by its beginning", runbook.Conditions{Editions: []string{"Server"}}, facts("", "", "ServerStandard"), true},
		{"another edition", runbook.Conditions{Editions: []string{"Server"}}, facts("", "", "Core"), false},
		{"an edition that is not meant", runbook.Conditions{NotEditions: []string{"Core"}}, facts("", "", "CoreN"), false},
		{"an edition that is not known", runbook.Conditions{NotEditions: []string{"Core"}}, nil, false},
	} {
		if got := test.c.Admit(test.f); (got == "") != test.want {
			t.Errorf("%s: Admit = %q", test.name, got)
		}
	}
}

func TestAConditionIsAboutThePlaceThatTheEffectIsAbout(t *testing.T) {
	e := runbook.Effect{Set: "bitlocker.volumes.*.suspended"}
	for path, want := range map[string]string{
		"bitlocker.volumes.*.encrypted": "bitlocker.volumes.c.encrypted", "host.build": "host.build",
		"disk.volumes.*.health": "disk.volumes.?.health", "bitlocker.*.c": "bitlocker.?.c",
	} {
		if got := e.At(path, "bitlocker.volumes.c.suspended"); got != want {
			t.Errorf("At(%s) = %s; want %s", path, got, want)
		}
	}
}
