package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/config"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
)

// do runs a verb with a configuration and returns what it printed.
func do(t *testing.T, yaml string, args ...string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "appliance.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	err := command(t.Context(), append(args, "--config", file), &out, &errs)
	return out.String(), err
}

func TestVerbs(t *testing.T) {
	var out bytes.Buffer
	if err := command(t.Context(), []string{"sample"}, &out, &out); err != nil || out.String() != config.Sample {
		t.Errorf("sample = %v", err)
	}
	if text, err := do(t, config.Sample, "validate"); err != nil || !strings.Contains(text, "valid") {
		t.Errorf("validate of the sample = %q, %v", text, err)
	}
	for _, test := range []struct{ name, yaml, verb, says string }{
		{"a wrong setting", "log_level: loud\n", "validate", "log_level"},
		{"an unknown key", "log_colour: info\n", "validate", "log_colour"},
		{"authorities that are not there", "scan: {ca_file: /nowhere/ca.pem}\n", "validate", "scan.ca_file"},
		{"an unknown verb", "", "dance", "help lists them"},
		{"running without a provisioning file", "data_dir: " + t.TempDir() + "\ncentral: {provisioning_file: /nowhere}\n", "run", "osirisctl provision"},
		{"claiming without one", "data_dir: " + t.TempDir() + "\ncentral: {provisioning_file: \"\"}\n", "claim", "provisioning_file is empty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := do(t, test.yaml, test.verb); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s = %v; want an error saying %q", test.verb, err, test.says)
			}
		})
	}
}

func TestTokenNewWritesWhatAnAgentNeeds(t *testing.T) {
	dir := t.TempDir()
	site, err := rehearsal.NewSite(dir)
	if err != nil {
		t.Fatal(err)
	}
	// The appliance runs meanwhile: both have state.db open.
	a, err := rehearsal.Start(t.Context(), site, dir, rehearsal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	}()
	yaml := "data_dir: " + dir + "\nagent_listen: \"" + a.Addr + "\"\n"
	file := filepath.Join(t.TempDir(), "agent.token")
	if _, err := do(t, yaml, "token", "new", "--out", file, "--tier", "1"); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`^appliance_addr = ` + regexp.QuoteMeta(a.Addr) +
		`\nsite_root = [0-9a-f]{64}\ncentral_root = [0-9a-f]{64}\ntoken = (osiris-at1-[0-9a-f]{64})\n$`)
	match := form.FindSubmatch(content)
	if match == nil {
		t.Fatalf("token file:\n%s", content)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the token file has mode %v, %v; want 0600", info.Mode(), err)
	}
	m, err := rehearsal.NewAgent("ws01")
	if err != nil {
		t.Fatal(err)
	}
	c, err := m.Dial(t.Context(), a.Addr, site.Identity.SiteRoot)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := m.Register(t.Context(), c, string(match[1])); err != nil {
		t.Errorf("Register with the token of the file = %v", err)
	}
	if tier := a.Enroll.TierOf(m.ID, 1); tier != 1 {
		t.Errorf("tier = %s; want SELF_HEAL", tier)
	}
	for _, test := range []struct {
		name string
		args []string
		says string
	}{
		{"a file that exists", []string{"--out", file}, "exists"},
		{"no file", nil, "--out FILE"},
		{"a strange kind", []string{"--out", file + "2", "--kind", "magic"}, "neither single nor rollout"},
		{"a single token for many", []string{"--out", file + "2", "--count", "3"}, "serves 1 machine"},
		{"a tier there is not", []string{"--out", file + "2", "--tier", "9"}, "tier 9"},
		{"a token for ever", []string{"--out", file + "2", "--valid", "100000h"}, "valid for"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := do(t, yaml, append([]string{"token", "new"}, test.args...)...); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("token new = %v; want an error saying %q", err, test.says)
			}
			if _, err := os.Stat(file + "2"); err == nil {
				t.Error("a refused token left its file behind")
			}
		})
	}
	if _, err := do(t, "data_dir: "+t.TempDir()+"\n", "token", "new", "--out", file+"3"); err == nil || !strings.Contains(err.Error(), "not claimed") {
		t.Errorf("token new before the claim = %v; want it to say so", err)
	}
}
