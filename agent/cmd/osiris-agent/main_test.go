package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/config"
	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	"github.com/osiriscare/osiris/agent/internal/say"
)

// osiris runs a command line and returns its exit code and what it printed.
func osiris(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(context.Background(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestWrongCommandLinesSayHowItIsDone(t *testing.T) {
	for _, args := range [][]string{
		{"frobnicate"},
		{"run", "--color"},
		{"run", "extra"},
		{"run", "--config"},
		{"check", "nonsense"},
		{"version", "--json"},
		{"validate", "-c", "x"},
	} {
		code, stdout, stderr := osiris(args...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, "without arguments") {
			t.Errorf("%q: exit %d, %q, %q; want exit 2 and a hint", args, code, stdout, stderr)
		}
	}
	for _, args := range [][]string{nil, {"help"}, {"--help"}} {
		if code, stdout, _ := osiris(args...); code != 0 || !strings.Contains(stdout, "osiris-agent run") {
			t.Errorf("%q: exit %d, %q", args, code, stdout)
		}
	}
}

func TestVersionAndSampleArePrinted(t *testing.T) {
	if code, stdout, _ := osiris("version"); code != 0 || stdout != "osiris-agent 0.0.0-dev (unknown)\n" {
		t.Errorf("version: exit %d, %q", code, stdout)
	}
	code, stdout, _ := osiris("sample")
	file := filepath.Join(t.TempDir(), "agent.conf")
	if err := os.WriteFile(file, []byte(stdout), 0o600); err != nil || code != 0 {
		t.Fatal(code, err)
	}
	if c, err := config.Load(file); err != nil || !reflect.DeepEqual(c, config.Default()) {
		t.Errorf("the sample reads as %+v, %v; want the defaults", c, err)
	}
	if code, stdout, stderr := osiris("validate", "--config", file); code != 0 {
		t.Errorf("validate: exit %d, %q, %q", code, stdout, stderr)
	}
}

// write makes a configuration file.
func write(t *testing.T, lines ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "agent.conf")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAWrongConfigurationIsToldByEveryVerb(t *testing.T) {
	for text, want := range map[string]string{
		"colour = red":                     "line 1",
		"appliance_addr = nowhere":         "appliance_addr",
		"log_level = loud":                 "log_level",
		"token_file = /no/such/file":       "/no/such/file",
		"site_root = abc":                  "site_root",
		"data_dir = relative/to/somewhere": "data_dir",
	} {
		for _, verb := range []string{"validate", "run", "enrol"} {
			data := t.TempDir()
			file := write(t, text)
			if !strings.HasPrefix(text, "data_dir") {
				file = write(t, text, "data_dir = "+data)
			}
			code, _, stderr := osiris(verb, "--config="+file)
			if code != 1 || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") > 3 {
				t.Errorf("%s with %q: exit %d, %q; want it to name %s", verb, text, code, stderr, want)
			}
		}
	}
}

func TestChecksCanBeRunByHand(t *testing.T) {
	root := t.TempDir()
	file := write(t, "root_dir = "+root, "data_dir = "+t.TempDir())
	code, stdout, _ := osiris("check", "--json", "--config", file, "disk_space", "sysctl_hardening")
	var verdicts []struct {
		Check, Status, Severity, Actual, Expected, Reason string
		Facts                                             []struct{ Name, Value string }
	}
	if err := json.Unmarshal([]byte(stdout), &verdicts); err != nil {
		t.Fatalf("%q: %v", stdout, err)
	}
	if len(verdicts) != 2 || verdicts[1].Check != "sysctl_hardening" || verdicts[1].Status != "fail" || code != 3 {
		t.Errorf("exit %d, %+v; want exit 3 and a failure", code, verdicts)
	}
	code, stdout, _ = osiris("check", "--config", file, "disk_space")
	if (code != 0 && code != 3) || !strings.Contains(stdout, "disk_space") {
		t.Errorf("exit %d, %q", code, stdout)
	}
}

// token writes the file that the appliance hands out.
func token(t *testing.T, a *fakeappliance.Appliance, secret string) string {
	return write(t, "appliance_addr = "+a.Addr(), "site_root = "+a.SiteRoot(),
		"central_root = "+a.CentralRoot.ID().String(), "token = "+secret)
}

func TestTheWholeAgentEnrolsReportsAndStops(t *testing.T) {
	a := fakeappliance.New(t)
	a.Behave(func(b *fakeappliance.Behaviour) { b.StateWanted = true })
	data := t.TempDir()
	file := write(t, "token_file = "+token(t, a, fakeappliance.Token), "data_dir = "+data,
		"root_dir = "+t.TempDir(), "log_level = debug", "check_now = yes")
	for range 2 { // the second start has an identity
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan int, 1)
		var stderr bytes.Buffer
		before := 0
		a.Locked(func() { before = len(a.Accepted()) })
		go func() { ended <- run(ctx, []string{"run", "--config", file}, &bytes.Buffer{}, &stderr) }()
		a.Wait(t, "a record", func() bool { return len(a.Accepted()) > before })
		a.Wait(t, "a verdict", func() bool { return a.Verdict("sysctl_hardening") != nil })
		if code, _, said := osiris("run", "--config", file); code != 1 || !strings.Contains(said, "another osiris-agent") {
			t.Errorf("a second agent with the same data folder: exit %d, %q; want 1 and the reason", code, said)
		}
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("exit %d: %s", code, stderr.String())
		}
		for _, event := range []string{"agent started", "connected", "agent stopped"} {
			if !strings.Contains(stderr.String(), event) {
				t.Errorf("the log lacks %q:\n%s", event, stderr.String())
			}
		}
		if strings.Contains(stderr.String(), fakeappliance.Token) {
			t.Error("the token is in the log")
		}
	}
	if code, _, stderr := osiris("enrol", "--config", file); code != 0 || !strings.Contains(stderr, "enrolled already") {
		t.Errorf("enrol: exit %d, %q", code, stderr)
	}
}

func TestEnrolSaysWhyItDoesNotWork(t *testing.T) {
	a := fakeappliance.New(t)
	wrong := token(t, a, "osiris-at1-"+strings.Repeat("ab", 32))
	for name, c := range map[string]struct{ file, want string }{
		"a token that is not known": {write(t, "token_file = "+wrong, "data_dir = "+t.TempDir()), "not known or used up"},
		"no token":                  {write(t, "data_dir = "+t.TempDir()), "token.conf"},
	} {
		code, _, stderr := osiris("enrol", "--config", c.file)
		if code != 1 || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: exit %d, %q; want %q", name, code, stderr, c.want)
		}
		if strings.Contains(stderr, strings.Repeat("ab", 32)) {
			t.Error("the token is printed")
		}
	}
}

func TestDamagedFilesDoNotKeepAnAgentDown(t *testing.T) {
	a := fakeappliance.New(t)
	data := t.TempDir()
	file := write(t, "token_file = "+token(t, a, fakeappliance.Token), "data_dir = "+data, "root_dir = "+t.TempDir())
	if code, _, stderr := osiris("enrol", "--config", file); code != 0 {
		t.Fatal(stderr)
	}
	for _, name := range []string{"queue.db", "trust.bin", "trust.bin.copy"} {
		if err := os.WriteFile(filepath.Join(data, name), bytes.Repeat([]byte("damaged "), 1000), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	agent, err := newApp(c, say.New(&log, say.LevelError), false)
	if err != nil {
		t.Fatal(err)
	}
	if err := agent.close(); err != nil || strings.Count(log.String(), "damaged and set aside") != 2 {
		t.Errorf("%v, %q; want both files set aside", err, log.String())
	}
}
