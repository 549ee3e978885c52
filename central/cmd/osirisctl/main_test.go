package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/bundle/bundletest"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
)

// goldenExport is the one of shared/bundle, goodExport the copy that tests use.
const goldenExport = "../../../shared/bundle/testdata/good_export"

var goodExport string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "osirisctl")
	if err == nil {
		goodExport = filepath.Join(dir, "good_export")
		err = bundletest.Copy(goldenExport, goodExport)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "copying the golden export:", err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir) // a temporary folder; the result counts
	os.Exit(code)
}

// ctl runs a command with an environment.
func ctl(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return ctlFrom(t, env, "", args...)
}

// ctlFrom gives it standard input too.
func ctlFrom(t *testing.T, env map[string]string, in string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = runFrom(t.Context(), args, func(k string) string { return env[k] }, strings.NewReader(in), &out, &err)
	return code, out.String(), err.String()
}

func fingerprint(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(string(ct.Value(os.ReadFile(goldenExport + ".fingerprint"))(t)))
}

func TestVerifyExitCodesAndWords(t *testing.T) {
	trust := fingerprint(t)
	folders := ct.Value(filepath.Glob(filepath.Join(goodExport, "*", "*", "*", "*")))(t)
	folder := folders[0]
	for name, tt := range map[string]struct {
		args []string
		code int
		says []string
	}{
		"an export, pinned":          {[]string{goodExport, "--trust", trust}, 0, []string{"PROVEN", "4 proven", "newest cosigned size is 4", "never logged"}},
		"flags before the path":      {[]string{"--trust", trust, goodExport}, 0, []string{"PROVEN"}},
		"in capitals":                {[]string{goodExport, "--trust", strings.ToUpper(trust)}, 0, []string{"PROVEN"}},
		"an export, not pinned":      {[]string{goodExport}, 3, []string{"CONSISTENT, NOT PROVEN", "signer not pinned", "as the files claim"}},
		"an export, another root":    {[]string{goodExport, "--trust", strings.Repeat("ab", 32)}, 1, []string{"BROKEN", "not at the pinned"}},
		"a folder, pinned":           {[]string{folder, "--trust", trust}, 0, []string{"PROVEN", "entry 0", "the one you trust"}},
		"a folder, not pinned":       {[]string{folder}, 3, []string{"CONSISTENT"}},
		"a folder of something else": {[]string{t.TempDir()}, 2, []string{"name a bundle's folder or the export's root"}},
		"a path that is not there":   {[]string{"/no/such"}, 2, []string{"no such file"}},
		"a file":                     {[]string{folder + "/bundle.json"}, 2, []string{"not one of its files"}},
		"no path":                    {nil, 2, []string{"usage"}},
		"half a fingerprint":         {[]string{folder, "--trust", trust[:32]}, 2, []string{"64"}},
		"a flag that is not":         {[]string{folder, "--truth", trust}, 2, []string{"truth"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, err := ctl(t, nil, append([]string{"evidence", "verify"}, tt.args...)...)
			if code != tt.code {
				t.Errorf("exit code = %d; want %d\n%s%s", code, tt.code, out, err)
			}
			for _, want := range tt.says {
				if !strings.Contains(out+err, want) {
					t.Errorf("it does not say %q:\n%s%s", want, out, err)
				}
			}
		})
	}
}

func TestVerifyAsJSON(t *testing.T) {
	for _, path := range []string{goodExport, ct.Value(filepath.Glob(filepath.Join(goodExport, "*", "*", "*", "*")))(t)[0]} {
		code, out, _ := ctl(t, nil, "evidence", "verify", path, "--json")
		var said struct {
			Result string   `json:"result"`
			Open   []string `json:"open"`
			Limits []string `json:"limits"`
		}
		if err := json.Unmarshal([]byte(out), &said); err != nil || code != 3 || said.Result != "unpinned" || len(said.Open) == 0 || len(said.Limits) == 0 {
			t.Errorf("verify %s --json = %d, %v:\n%s", path, code, err, out)
		}
	}
}

func TestVerifyCannotBeMadeToMoveTheCursor(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x")
	ct.Check(t, os.MkdirAll(dir, 0o700))
	ct.Check(t, os.WriteFile(filepath.Join(dir, "bundle.json"), []byte("{}"), 0o600))
	ct.Check(t, os.WriteFile(filepath.Join(dir, "\x1b[2J\x1b]0;proven\a"), nil, 0o600))
	code, out, _ := ctl(t, nil, "evidence", "verify", dir)
	if code != 1 || strings.ContainsAny(out, "\x1b\a") {
		t.Errorf("verify = %d with control characters: %q", code, out)
	}
}

// server is a Central with what a shell needs to reach it.
func server(t *testing.T) (c *ct.Central, env map[string]string) {
	t.Helper()
	c = ct.New(t)
	dir := t.TempDir()
	ct.Check(t, os.WriteFile(filepath.Join(dir, "token"), []byte(c.Token+"\n"), 0o600))
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Keys.TLS.Certificate.Raw})
	ct.Check(t, os.WriteFile(filepath.Join(dir, "ca.pem"), authority, 0o600))
	return c, map[string]string{
		"OSIRIS_CENTRAL_URL": c.URL, "OSIRIS_TOKEN_FILE": filepath.Join(dir, "token"), "OSIRIS_CENTRAL_CA": filepath.Join(dir, "ca.pem"),
		"OSIRIS_CONFIG_DIR": dir,
	}
}

func TestAnOperatorsDay(t *testing.T) {
	c, env := server(t)
	must := func(args ...string) string {
		t.Helper()
		code, out, err := ctl(t, env, args...)
		if code != 0 {
			t.Fatalf("osirisctl %s = %d: %s", strings.Join(args, " "), code, err)
		}
		return strings.TrimSpace(out)
	}
	client := must("client", "create", "--name", "Riverside")
	site := must("site", "create", "--client", client, "--name", "Main Street", "--ceiling", "heal")
	must("policy", "set", "--site", site, "--tier", "heal", "--interval", "5s", "--host-tier", "ag_x=monitor")
	secret := filepath.Join(t.TempDir(), "code")
	must("provision", "--site", site, "--out", secret)
	if info := ct.Value(os.Stat(secret))(t); info.Mode().Perm() != 0o600 {
		t.Errorf("the code's file has mode %v; want 0600", info.Mode())
	}
	if code, _, _ := ctl(t, env, "provision", "--site", site, "--out", secret); code != 1 {
		t.Errorf("provision over a file = %d; want 1", code)
	}
	a := c.Appliance(ct.Value(c.Store.Sites(t.Context(), "", "", 1))(t)[0].ID)
	a.Add(ct.Report("h_1", 1, "fail", "i_1"))
	ct.Value(a.Submit(0))(t)
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"clients"}, "Riverside"},
		{[]string{"sites"}, "heal"},
		{[]string{"sites", "--client", client}, site},
		{[]string{"hosts", "--site", site}, "WS-h_1"},
		{[]string{"host", "h_1", "--site", site}, "sysctl_hardening"},
		{[]string{"incidents", "--site", site}, "i_1"},
		{[]string{"evidence", "list", "--site", site, "--host", "h_1"}, "drift"},
	} {
		if out := must(tt.args...); !strings.Contains(out, tt.says) {
			t.Errorf("osirisctl %v does not say %q:\n%s", tt.args, tt.says, out)
		}
		if out := must(append(tt.args, "--json")...); !json.Valid([]byte(out)) || tt.says != "heal" && !strings.Contains(out, tt.says) {
			t.Errorf("osirisctl %v --json:\n%s", tt.args, out)
		}
	}
	id := bundle.ID("ag_h_1", "0102", 1, "received")
	dir := t.TempDir()
	must("evidence", "get", id, "--site", site, "--out", dir)
	if out := must("evidence", "verify", filepath.Join(dir, id), "--trust", c.Keys.Root.String()); !strings.Contains(out, "PROVEN") {
		t.Errorf("what was fetched is not proven:\n%s", out)
	}
	if code, _, err := ctl(t, env, "evidence", "get", id, "--site", site, "--out", dir); code != 1 || !strings.Contains(err, "--out") {
		t.Errorf("get over a folder = %d: %s", code, err)
	}
	must("agent", "revoke", "ag_h_1", "--site", site, "--reason", "stolen laptop")
}

func TestMistakesSayWhatToDo(t *testing.T) {
	c, env := server(t)
	with := func(key, value string) map[string]string {
		changed := map[string]string{}
		for k, v := range env {
			changed[k] = v
		}
		changed[key] = value
		return changed
	}
	wrong := filepath.Join(t.TempDir(), "wrong")
	ct.Check(t, os.WriteFile(wrong, []byte("osiris-ot1-0000\n"), 0o600))
	empty := filepath.Join(t.TempDir(), "empty")
	ct.Check(t, os.WriteFile(empty, nil, 0o600))
	for name, tt := range map[string]struct {
		env  map[string]string
		args []string
		code int
		says string
	}{
		"no command":               {env, []string{"evidences"}, 2, "there is no command"},
		"no server":                {with("OSIRIS_CENTRAL_URL", ""), []string{"clients"}, 2, "--server"},
		"a server that is none":    {with("OSIRIS_CENTRAL_URL", "central"), []string{"clients"}, 2, "--server"},
		"a server in plain text":   {with("OSIRIS_CENTRAL_URL", "http://central.example"), []string{"clients"}, 2, "unprotected"},
		"no token":                 {with("OSIRIS_TOKEN_FILE", ""), []string{"clients"}, 2, "--token-file"},
		"an empty token":           {with("OSIRIS_TOKEN_FILE", empty), []string{"clients"}, 1, "does not hold one token"},
		"a wrong token":            {with("OSIRIS_TOKEN_FILE", wrong), []string{"clients"}, 1, "another Central"},
		"an unknown authority":     {with("OSIRIS_CENTRAL_CA", ""), []string{"clients"}, 1, "--ca FILE"},
		"nobody listens":           {with("OSIRIS_CENTRAL_URL", "https://127.0.0.1:1"), []string{"clients"}, 1, "is Central running"},
		"no site":                  {env, []string{"hosts"}, 1, "there is no site yet"},
		"a site that is none":      {env, []string{"hosts", "--site", "s_x"}, 1, "not found"},
		"a tier that is none":      {env, []string{"policy", "set", "--site", "s_x", "--tier", "all"}, 2, "monitor, heal or full"},
		"a host tier that is none": {env, []string{"policy", "set", "--site", "s_x", "--tier", "heal", "--host-tier", "x"}, 2, "AGENT=TIER"},
		"a bundle id that is none": {env, []string{"evidence", "get", "../x", "--site", "s_x"}, 2, "UUID"},
		"an argument too many":     {env, []string{"clients", "x"}, 2, "usage"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, err := ctl(t, tt.env, tt.args...)
			if code != tt.code || !strings.Contains(err, tt.says) || strings.Contains(out+err, c.Token) {
				t.Errorf("osirisctl %v = %d; want %d with %q\n%s%s", tt.args, code, tt.code, tt.says, out, err)
			}
		})
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	code, out, _ := ctl(t, nil, "help")
	if code != 0 {
		t.Fatalf("help = %d", code)
	}
	for _, c := range commands {
		if !strings.Contains(out, c.words) {
			t.Errorf("help does not name %q", c.words)
		}
		if code, out, err := ctl(t, nil, append(strings.Fields(c.words), "--help")...); code != 0 || !strings.Contains(out, c.says) {
			t.Errorf("%s --help = %d: %s%s", c.words, code, out, err)
		}
	}
}

// run does one command without input.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	return runFrom(ctx, args, getenv, strings.NewReader(""), stdout, stderr)
}
