package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/appliance/internal/config"
)

func none(string) (string, bool) { return "", false }

func TestTheSampleIsTheDefaults(t *testing.T) {
	got, err := config.Parse([]byte(config.Sample))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Default(), got); diff != "" {
		t.Errorf("sample and defaults differ (-default +sample):\n%s", diff)
	}
	for _, key := range []string{"data_dir:", "agent_listen:", "fallback_listen:", "sensor_listen:", "status_listen:", "provisioning_file:", "evidence_dir:", "check_in_interval:", "update:", "rings:", "percent:", "wait:", "hosts:", "halt_count:", "halt_percent:", "scan:", "windows_interval:", "linux_interval:", "workstation_interval:", "limit:", "host_deadline:", "ca_file:", "network:", "ranges:", "force:", "exclude:", "interval:", "ports:", "rate:", "concurrent:", "gap:", "device_deadline:", "log_format:", "log_level:"} {
		if !strings.Contains(config.Sample, key) {
			t.Errorf("the sample does not show %s", key)
		}
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
}

func TestAnUnknownKeyIsNamedWithItsLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(path, []byte("data_dir: /x\n\nagent_lisen: \":1\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := config.Load(path, none)
	if err == nil || !strings.Contains(err.Error(), "[3:1]") || !strings.Contains(err.Error(), "agent_lisen") {
		t.Fatalf("Load = %v; want the key agent_lisen at [3:1]", err)
	}
}

func TestTheEnvironmentIsOverTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(path, []byte("data_dir: /x\ncheck_in_interval: 5s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"OSIRIS_APPLIANCE_DATA_DIR": "/y", "OSIRIS_APPLIANCE_CHECK_IN_INTERVAL": "7s"}
	c, err := config.Load(path, func(k string) (string, bool) { v, ok := env[k]; return v, ok })
	if err != nil || c.DataDir != "/y" || c.CheckInInterval != 7*time.Second || c.Evidence() != "/y/evidence" {
		t.Fatalf("Load = %+v, %v", c, err)
	}
}

func TestWhatIsWrongIsSaidAtOnce(t *testing.T) {
	c := config.Default()
	c.DataDir, c.AgentListen, c.CheckInInterval, c.LogFormat, c.LogLevel = "here", "50051", time.Millisecond, "xml", "loud"
	err := c.Validate()
	for _, want := range []string{"data_dir", "agent_listen", "check_in_interval", "log_format", "log_level"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate = %v; want it to name %s", err, want)
		}
	}
}

func TestAFileOfCommentsOnlyLeavesTheDefaults(t *testing.T) {
	for _, content := range []string{"", "\n", "# data_dir: /x\n"} {
		if c, err := config.Parse([]byte(content)); err != nil || !cmp.Equal(c, config.Default()) {
			t.Errorf("Parse(%q) = %+v, %v; want the defaults", content, c, err)
		}
	}
}

func TestRingsReplaceTheDefaultOnes(t *testing.T) {
	c, err := config.Parse([]byte("update:\n  rings:\n    - hosts: [FRONT-DESK]\n      wait: 2h\n    - percent: 100\n"))
	if err != nil || c.Validate() != nil {
		t.Fatalf("Parse = %v, Validate = %v", err, c.Validate())
	}
	want := config.Default()
	want.Update.Rings = []config.Ring{{Hosts: []string{"FRONT-DESK"}, Wait: 2 * time.Hour}, {Percent: 100}}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("Parse differs (-want +got):\n%s", diff)
	}
}

func TestRingsThatCannotWorkAreRefused(t *testing.T) {
	for name, change := range map[string]func(u *config.Update){
		"no rings":                  func(u *config.Update) { u.Rings = nil },
		"nine rings":                func(u *config.Update) { u.Rings = make([]config.Ring, 9) },
		"a smaller ring after":      func(u *config.Update) { u.Rings[1].Percent = 4 },
		"more than all":             func(u *config.Update) { u.Rings[2].Percent = 101 },
		"a ring of nobody":          func(u *config.Update) { u.Rings[0].Percent = 0 },
		"some are never updated":    func(u *config.Update) { u.Rings[2].Percent = 99 },
		"a wait before now":         func(u *config.Update) { u.Rings[0].Wait = -time.Second },
		"a wait of a year":          func(u *config.Update) { u.Rings[0].Wait = 365 * 24 * time.Hour },
		"a host without a name":     func(u *config.Update) { u.Rings[0].Hosts = []string{""} },
		"a host in two rings":       func(u *config.Update) { u.Rings[0].Hosts, u.Rings[1].Hosts = []string{"a"}, []string{"a"} },
		"a halt before any failure": func(u *config.Update) { u.HaltCount = 0 },
		"a percentage below none":   func(u *config.Update) { u.HaltPercent = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			c := config.Default()
			change(&c.Update)
			if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "update.") {
				t.Errorf("Validate = %v; want it to name update", err)
			}
		})
	}
}

func TestScansThatCannotWorkAreRefused(t *testing.T) {
	for name, change := range map[string]func(s *config.Scan){
		"a scan each second":     func(s *config.Scan) { s.WindowsInterval = time.Second },
		"a scan each week":       func(s *config.Scan) { s.LinuxInterval = 7 * 24 * time.Hour },
		"an interval before now": func(s *config.Scan) { s.WorkstationInterval = -time.Minute },
		"no host at a time":      func(s *config.Scan) { s.Limit = 0 },
		"all hosts at a time":    func(s *config.Scan) { s.Limit = 5000 },
		"no time for a host":     func(s *config.Scan) { s.HostDeadline = 0 },
		"a file somewhere":       func(s *config.Scan) { s.CAFile = "ca.pem" },
	} {
		t.Run(name, func(t *testing.T) {
			c := config.Default()
			change(&c.Scan)
			if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "scan.") {
				t.Errorf("Validate = %v; want it to name scan", err)
			}
		})
	}
	c := config.Default()
	if c.Scan.LinuxInterval = 0; c.Validate() != nil {
		t.Errorf("a cycle that is off = %v; want nil", c.Validate())
	}
}
