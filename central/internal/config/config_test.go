package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/central/internal/config"
)

func none(string) string { return "" }

func write(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheSampleIsTheDefaults(t *testing.T) {
	got, err := config.Load(write(t, config.Sample), none, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Default(), got); diff != "" {
		t.Errorf("sample differs from the defaults (-default +sample):\n%s", diff)
	}
	for line := range strings.Lines(config.Sample) {
		if key, _, found := strings.Cut(line, ":"); found && !strings.HasPrefix(line, "#") {
			without := strings.Replace(config.Sample, line, "", 1)
			if _, err := config.Load(write(t, without), none, nil); err != nil {
				t.Errorf("without %s: %v", key, err)
			}
		}
	}
}

func TestFlagsBeatTheEnvironmentAndThatTheFile(t *testing.T) {
	path := write(t, "log_level: warn\nlog_format: json\ndata_dir: /a\n")
	env := map[string]string{"OSIRIS_CENTRAL_LOG_LEVEL": "error", "OSIRIS_CENTRAL_DATA_DIR": "/b"}
	got, err := config.Load(path, func(k string) string { return env[k] }, map[string]string{"data_dir": "/c"})
	if err != nil {
		t.Fatal(err)
	}
	if got.LogFormat != "json" || got.LogLevel != "error" || got.DataDir != "/c" {
		t.Errorf("config = %+v; want json from the file, error from the environment, /c from the flag", got)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	for name, tt := range map[string]struct{ file, says string }{
		"an unknown key":               {"data_dir: /x\n\nfoo: 1\n", "[3:1] unknown field \"foo\""},
		"a key twice":                  {"data_dir: /x\ndata_dir: /y\n", "[2:1]"},
		"not YAML":                     {"{", "c.yaml"},
		"a relative folder":            {"data_dir: x\n", "data_dir"},
		"an address without a port":    {"api_listen: localhost\n", "api_listen"},
		"a dashboard for the network":  {"web_listen: 0.0.0.0:80\n", "web_listen: \"0.0.0.0:80\" is not a loopback address"},
		"a dashboard on every address": {"web_listen: :80\n", "loopback"},
		"a plain public address":       {"public_url: http://x\n", "public_url"},
		"a public address with a path": {"public_url: https://x/y\n", "public_url"},
		"a format nobody knows":        {"log_format: xml\n", "log_format"},
		"a level nobody knows":         {"log_level: loud\n", "log_level"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := config.Load(write(t, tt.file), none, nil); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Load = %v; want %q", err, tt.says)
			}
		})
	}
	if _, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"), none, nil); err == nil {
		t.Error("a missing file was accepted")
	}
	if _, err := config.Load("", none, map[string]string{"x": "y"}); err == nil {
		t.Error("an unknown flag was accepted")
	}
	if _, err := config.Load(write(t, "# nothing\n"), none, nil); err != nil {
		t.Errorf("a file of comments = %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(config.Sample)
	f.Add("data_dir: [")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, content string) {
		c, err := config.Load(write(t, content), none, nil)
		if err == nil && c.Validate() != nil {
			t.Errorf("Load gave a configuration that is not valid: %+v", c)
		}
	})
}
