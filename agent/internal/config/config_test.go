package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/agent/internal/config"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "agent.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSampleHasTheDefaults(t *testing.T) {
	got, err := config.Load(write(t, config.Sample()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Default(), got); diff != "" {
		t.Errorf("the sample is not the defaults (-default +sample):\n%s", diff)
	}
	if err := got.Validate(); err != nil {
		t.Errorf("Validate() of the defaults = %v", err)
	}
}

func TestSampleShowsEveryKeyWithAWorkingExample(t *testing.T) {
	text := ""
	for line := range strings.Lines(config.Sample()) {
		text += strings.TrimPrefix(line, "#")
	}
	keyLines := ""
	for line := range strings.Lines(text) {
		if name, _, ok := strings.Cut(line, " = "); ok && !strings.Contains(name, " ") {
			keyLines += line
		}
	}
	if n := strings.Count(keyLines, "\n"); n != 11 {
		t.Errorf("the sample shows %d keys; want 11:\n%s", n, keyLines)
	}
	c, err := config.Load(write(t, keyLines))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Errorf("Validate() of the examples = %v", err)
	}
	if c.ApplianceAddr == "" || c.SiteRoot == "" || c.CentralRoot == "" || c.TokenFile == "" || c.ServerName == "" {
		t.Errorf("examples = %+v", c)
	}
}

func TestLoadReadsTheFile(t *testing.T) {
	got, err := config.Load(write(t, "\ufeff# comment\r\n\r\n appliance_addr=10.0.0.1:50051 \r\nlog_format = json\r\nserver_name =\r\ncheck_now = yes\r\ndata_dir = C:\\a#b=c d\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.ApplianceAddr, want.LogFormat, want.CheckNow = "10.0.0.1:50051", "json", true
	want.DataDir = `C:\a#b=c d`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Load (-want +got):\n%s", diff)
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"an unknown key near a known one", "log_level = info\ndata_dri = /x\n", `line 2: unknown key "data_dri"; did you mean data_dir?`},
		{"an unknown key near none", "\n\nfrobnicate = 1", `line 3: unknown key "frobnicate"`},
		{"a key given twice", "log_level = info\n# x\nlog_level = info", "line 3: log_level was given in line 1 already"},
		{"a line without =", "log_level info", "line 1: no = in the line"},
		{"a line without a key", "= info", "line 1: a key has"},
		{"an upper-case key", "Log_Level = info", "line 1: a key has"},
		{"a comment behind a value", "log_level = info # less", "line 1: log_level: put the comment on a line of its own"},
		{"quotes", `data_dir = "C:\x"`, "line 1: data_dir: write the value without quotes"},
		{"a control character", "data_dir = /a\x1bb", "line 1: data_dir: the value has a control character"},
		{"UTF-16", "\xff\xfel\x00o\x00g\x00", "not UTF-8"},
		{"a flag that is neither", "check_now = maybe", "line 1: check_now: is yes or no"},
		{"a huge file", strings.Repeat("#\n", 40000), "over 64 KB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := config.Load(write(t, c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Load = %v; want %q", err, c.want)
			}
		})
	}
	if _, err := config.Load(filepath.Join(t.TempDir(), "none.conf")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load of a missing file = %v; want not found", err)
	}
}

func TestEnvironmentComesLast(t *testing.T) {
	t.Setenv("OSIRIS_AGENT_LOG_LEVEL", "debug")
	c, err := config.Load(write(t, "log_level = warn\nlog_format = json\n"))
	if err != nil || c.LogLevel != "debug" || c.LogFormat != "json" {
		t.Errorf("Load = %+v, %v; want log_level debug, log_format json", c, err)
	}
	if c, err := config.Load(""); err != nil || c.LogLevel != "debug" {
		t.Errorf(`Load("") = %+v, %v; want log_level debug`, c, err)
	}
	t.Setenv("OSIRIS_AGENT_LOGLEVEL", "debug")
	if _, err := config.Load(""); err == nil || !strings.Contains(err.Error(), "OSIRIS_AGENT_LOGLEVEL") || !strings.Contains(err.Error(), "log_level?") {
		t.Errorf("Load with a misspelt variable = %v", err)
	}
}

func TestValidate(t *testing.T) {
	hex := strings.Repeat("a1", 32)
	for _, c := range []struct {
		name string
		set  func(*config.Config)
		want string // empty: valid
	}{
		{"a name and a port", func(c *config.Config) { c.ApplianceAddr = "app-1.practice.local:50051" }, ""},
		{"an IPv4 address", func(c *config.Config) { c.ApplianceAddr = "192.168.0.1:1" }, ""},
		{"an IPv6 address", func(c *config.Config) { c.ApplianceAddr = "[fe80::1%eth0]:65535" }, ""},
		{"no port", func(c *config.Config) { c.ApplianceAddr = "appliance" }, "appliance_addr"},
		{"port zero", func(c *config.Config) { c.ApplianceAddr = "a:0" }, "appliance_addr"},
		{"a port too high", func(c *config.Config) { c.ApplianceAddr = "a:65536" }, "appliance_addr"},
		{"a port with a sign", func(c *config.Config) { c.ApplianceAddr = "a:+1" }, "appliance_addr"},
		{"bare IPv6", func(c *config.Config) { c.ApplianceAddr = "fe80::1:50051" }, "appliance_addr"},
		{"a fallback without a port", func(c *config.Config) { c.FallbackAddr = "appliance" }, "fallback_addr"},
		{"a URL", func(c *config.Config) { c.ApplianceAddr = "https://a:1" }, "appliance_addr"},
		{"a pin", func(c *config.Config) { c.SiteRoot, c.CentralRoot = hex, hex }, ""},
		{"a short pin", func(c *config.Config) { c.SiteRoot = hex[1:] }, "site_root"},
		{"an upper-case pin", func(c *config.Config) { c.CentralRoot = strings.ToUpper(hex) }, "central_root"},
		{"a relative data folder", func(c *config.Config) { c.DataDir = "data" }, "data_dir"},
		{"no data folder", func(c *config.Config) { c.DataDir = "" }, "data_dir"},
		{"a relative root", func(c *config.Config) { c.RootDir = "." }, "root_dir"},
		{"a relative token file", func(c *config.Config) { c.TokenFile = "token" }, "token_file"},
		{"a loud level", func(c *config.Config) { c.LogLevel = "loud" }, "log_level"},
		{"XML", func(c *config.Config) { c.LogFormat = "xml" }, "log_format"},
		{"a server name with a space", func(c *config.Config) { c.ServerName = "a b" }, "server_name"},
		{"a server name", func(c *config.Config) { c.ServerName = "a.b" }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := config.Default()
			c.set(conf)
			err := conf.Validate()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
				t.Errorf("Validate() = %v; want %q", err, c.want)
			}
		})
	}
	all := config.Config{ApplianceAddr: "x", SiteRoot: "x", CentralRoot: "x", ServerName: "-"}
	if err := all.Validate(); err == nil || strings.Count(err.Error(), "\n") != 7 {
		t.Errorf("Validate() = %v; want 8 problems", err)
	}
}

func TestDefaultFolder(t *testing.T) {
	want := map[string]string{"linux": "/var/lib/osiris-agent", "darwin": "/Library/Application Support/Osiris", "windows": os.Getenv("ProgramData") + `\Osiris`}[runtime.GOOS]
	if got := config.Default().DataDir; want != "" && got != want {
		t.Errorf("Default().DataDir = %q; want %q", got, want)
	}
}

func TestLoadToken(t *testing.T) {
	hex := strings.Repeat("a1", 32)
	good := "# made by the appliance\nappliance_addr = a:50051\nsite_root = " + hex + "\ncentral_root = " + hex + "\ntoken = osiris-at1-" + hex + "\n"
	got, err := config.LoadToken(write(t, good))
	if err != nil {
		t.Fatal(err)
	}
	if got.ApplianceAddr != "a:50051" || got.SiteRoot != hex || got.CentralRoot != hex || got.Token.Reveal() != "osiris-at1-"+hex {
		t.Errorf("LoadToken = %+v", got)
	}
	if got, err := config.LoadToken(write(t, strings.Replace(good, "appliance_addr", "#appliance_addr", 1))); err != nil || got.ApplianceAddr != "" {
		t.Errorf("LoadToken without an address = %+v, %v; the practice's DNS may know it", got, err)
	}
	if _, err := config.LoadToken(write(t, strings.Replace(good, "a:50051", "_osiris-grpc._tcp.practice.example", 1))); err != nil {
		t.Errorf("LoadToken with the name of an SRV record = %v", err)
	}
	for name, text := range map[string]string{
		"no token":       strings.Replace(good, "token =", "#token =", 1),
		"an empty root":  strings.Replace(good, "central_root = "+hex, "central_root =", 1),
		"a short token":  good[:len(good)-2],
		"an unknown key": good + "tokn = 1\n",
		"a bad address":  strings.Replace(good, "a:50051", "a", 1),
		"nothing":        "",
	} {
		_, err := config.LoadToken(write(t, text))
		if err == nil {
			t.Errorf("LoadToken with %s succeeded", name)
		} else if strings.Contains(err.Error(), "osiris-at1-a1") {
			t.Errorf("LoadToken with %s shows the token: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(config.Sample())
	f.Add("a = b\n\n# c\r\nd=e=f")
	f.Add("\ufeffk=\n=\n\x00")
	f.Add("log_level = info # x")
	f.Fuzz(func(t *testing.T, text string) {
		pairs, err := config.Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		seen := map[string]bool{}
		again := ""
		for _, p := range pairs {
			if p.Key == "" || seen[p.Key] || strings.ContainsAny(p.Key+p.Value, "\r\n\x00") || p.Line < 1 || p.Line > strings.Count(text, "\n")+1 {
				t.Errorf("Parse(%q) has %+v", text, p)
			}
			seen[p.Key] = true
			again += p.Key + " = " + p.Value + "\n"
		}
		back, err := config.Parse(strings.NewReader(again))
		if err != nil || len(back) != len(pairs) {
			t.Fatalf("Parse(%q) = %d pairs, %v; want %d", again, len(back), err, len(pairs))
		}
		for i := range back {
			if back[i].Key != pairs[i].Key || back[i].Value != pairs[i].Value {
				t.Errorf("round trip of %q: %+v, then %+v", text, pairs[i], back[i])
			}
		}
	})
}
