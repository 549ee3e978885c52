package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/runbook"
)

func TestTheCatalogueIsListedAndShown(t *testing.T) {
	catalogue, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	code, out, said := ctl(t, nil, "runbook", "list", "--json")
	var list struct{ Runbooks []runbookLine }
	if err := json.Unmarshal([]byte(out), &list); err != nil || code != 0 || len(list.Runbooks) != len(catalogue.All()) {
		t.Fatalf("list = %d, %v, %d runbooks, %s; want %d", code, err, len(list.Runbooks), said, len(catalogue.All()))
	}
	for _, l := range list.Runbooks {
		code, out, said := ctl(t, nil, "runbook", "show", l.ID)
		if code != 0 || !strings.Contains(out, l.Hash) || !strings.Contains(out, l.Title) {
			t.Errorf("show %s = %d, %s", l.ID, code, said)
		}
		var whole runbookWhole
		if _, out, _ := ctl(t, nil, "runbook", "show", l.ID, "--json"); json.Unmarshal([]byte(out), &whole) != nil || whole.ID != l.ID {
			t.Errorf("show %s --json is not its own: %.100s", l.ID, out)
		}
		scripts := 0
		for _, p := range whole.Phases {
			scripts += len(p.Script)
		}
		if r, _ := catalogue.Get(l.ID); (r.Roads.WinRM != nil || r.Roads.SSH != nil) != (scripts > 0) {
			t.Errorf("%s has %d bytes of scripts and the roads %v", l.ID, scripts, l.Roads)
		}
	}
	if _, out, _ := ctl(t, nil, "runbook", "list", "--check", "firewall", "--platform", "windows"); !strings.Contains(out, "windows.firewall.enable") || strings.Contains(out, "spooler") {
		t.Errorf("list --check firewall = %s", out)
	}
	if code, _, said := ctl(t, nil, "runbook", "show", "windows.nothing.here"); code != 1 || !strings.Contains(said, "runbook list") {
		t.Errorf("show of none = %d, %s; want 1 and where to look", code, said)
	}
}

func TestARunbookIsValidatedAsAReleaseWould(t *testing.T) {
	const source = "../../../shared/runbook"
	if code, out, said := ctl(t, nil, "runbook", "validate", source); code != 0 || !strings.HasPrefix(out, "valid: ") {
		t.Fatalf("validate = %d, %s%s", code, out, said)
	}
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "catalog", "windows.firewall.enable.yaml")
	if code, _, said := ctl(t, nil, "runbook", "validate", file); code != 0 {
		t.Errorf("validate of one file = %d, %s", code, said)
	}
	script := filepath.Join(folder, "scripts", "windows", "windows.firewall.enable.remediate.ps1")
	if err := os.Remove(script); err != nil {
		t.Fatal(err)
	}
	if code, _, said := ctl(t, nil, "runbook", "validate", folder); code != 1 || !strings.Contains(said, "windows.firewall.enable") {
		t.Errorf("validate without a script = %d, %s; want 1 and its runbook", code, said)
	}
	for _, path := range []string{t.TempDir(), filepath.Join(folder, "none")} {
		if code, _, said := ctl(t, nil, "runbook", "validate", path); code != 1 || said == "" {
			t.Errorf("validate %s = %d, %q", path, code, said)
		}
	}
}
