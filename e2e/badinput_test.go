//go:build integration

package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// TestBadInputIsRefusedClearlyAndCostsNothing sends to running programs what
// strangers send. After each the programs serve as before, and at the end no
// record is lost.
func TestBadInputIsRefusedClearlyAndCostsNothing(t *testing.T) {
	s := start(t, trustv1.Tier_TIER_MONITOR_ONLY)
	t.Run("a sensor's bad bodies", s.badSensor)
	t.Run("noise on every port", s.noise)
	t.Run("an enrolment token used again", s.usedToken)
	t.Run("a provisioning code used again", s.usedCode)
	t.Run("a configuration with a key that does not exist", s.unknownKey)
	t.Run("calls without and with a wrong token", s.strangers)
	s.flips(2)
	s.settled()
	s.proven()
}

func (s *site) badSensor(t *testing.T) {
	const good = `{"hostname":"WORKSTATION01","domain":"NORTHVALLEY.LOCAL","drift_type":"firewall_disabled","severity":"critical",` +
		`"details":{"disabled_profiles":["Domain","Private"]},"check_id":"RB-WIN-FIREWALL-001","detected_at":"2026-01-15T10:30:00Z","sensor_version":"1.0.0"}`
	tests := []struct {
		name, body string
		want       int
	}{
		{"half a body", good[:len(good)/2], http.StatusBadRequest},
		{"no JSON at all", "\x00\xff<html>", http.StatusBadRequest},
		{"a list", "[]", http.StatusBadRequest},
		{"a megabyte", `{"hostname":"` + strings.Repeat("a", 1<<20) + `"}`, http.StatusRequestEntityTooLarge},
		{"ten thousand brackets", strings.Repeat("[", 10_000), http.StatusBadRequest},
		{"the body of the contract", good, http.StatusOK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, said := post(t, fmt.Sprintf("http://127.0.0.1:%d/api/sensor/drift", s.Ports().Sensor), tt.body)
			if code != tt.want || !strings.HasPrefix(said, "{") {
				t.Errorf("POST = %d, %.200q; want %d and JSON", code, said, tt.want)
			}
		})
	}
}

func post(t *testing.T, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	return res.StatusCode, string(said)
}

// noise sends what is not the protocol, and hangs up.
func (s *site) noise(t *testing.T) {
	ports := s.Ports()
	for _, port := range []int{ports.Web, ports.API, ports.Agent, ports.Sensor, ports.Status} {
		for _, noise := range [][]byte{nil, []byte("\r\n\r\n"), []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), bytes.Repeat([]byte{0x16, 3, 1, 0xff}, 5000), bytes.Repeat([]byte("A"), 200_000)} {
			var dialer net.Dialer
			c, err := dialer.DialContext(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				t.Fatalf("port %d after noise: %v", port, err)
			}
			// The peer may hang up while it is still being told.
			_, _ = c.Write(noise)
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	for _, p := range []interface{ Running() bool }{s.Central, s.Appliance, s.Agent} {
		if !p.Running() {
			t.Errorf("a program ended over noise")
		}
	}
}

// fails runs a program that must refuse with exit code 1 and one clear line.
func fails(t *testing.T, want string, path string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, args...)
	out, err := cmd.CombinedOutput()
	if err == nil || cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("%s %s = %v; want exit code 1: %s", filepath.Base(path), args[0], err, out)
	}
	if !strings.Contains(strings.ToLower(string(out)), want) || bytes.Contains(out, []byte("goroutine ")) {
		t.Errorf("%s %s said %q; want a line with %q", filepath.Base(path), args[0], out, want)
	}
}

// usedToken lets another machine try the token of the first.
func (s *site) usedToken(t *testing.T) {
	built, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "agent.conf")
	content := fmt.Sprintf("data_dir = %s\nroot_dir = %s\ntoken_file = %s\n", filepath.Join(dir, "data"), dir, filepath.Join(s.dir, "agent", "token"))
	if err := os.WriteFile(config, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	fails(t, "token", built["osiris-agent"], "enrol", "--config", config)
}

// usedCode lets another appliance try the code of the first.
func (s *site) usedCode(t *testing.T) {
	built, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "appliance.yaml")
	content := fmt.Sprintf("data_dir: %q\ncentral:\n  provisioning_file: %q\n", filepath.Join(dir, "data"), filepath.Join(s.dir, "provisioning"))
	if err := os.WriteFile(config, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	fails(t, "code", built["osiris-appliance"], "claim", "--config", config)
}

func (s *site) unknownKey(t *testing.T) {
	built, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	for binary, content := range map[string]string{
		"osiris-central": "data_dir: /x\n\nno_such_key: 1\n", "osiris-appliance": "data_dir: /x\n\nno_such_key: 1\n", "osiris-agent": "data_dir = /x\n\nno_such_key = 1\n",
	} {
		config := filepath.Join(t.TempDir(), "config")
		if err := os.WriteFile(config, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		fails(t, "no_such_key", built[binary], "validate", "--config", config)
		fails(t, "3", built[binary], "validate", "--config", config)
	}
}

// strangers call Central's API without a token, with a wrong one, and with the
// token over the port where only appliances belong.
func (s *site) strangers(t *testing.T) {
	url := s.WebURL() + "/central.v1.FleetService/ListHosts"
	if code, said := post(t, url, "{}"); code != http.StatusUnauthorized {
		t.Errorf("ListHosts without a token = %d, %.200q; want 401", code, said)
	}
	built, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("osiris-op1-wrong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	fails(t, "token", built["osirisctl"], "hosts", "--server", s.WebURL(), "--token-file", token, "--site", s.SiteID)
	right := filepath.Join(s.dir, "central", "operator.token")
	out, err := exec.CommandContext(t.Context(), built["osirisctl"], "hosts", "--server", s.WebURL(), "--token-file", right, "--site", s.SiteID).CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("WORKSTATION01")) {
		t.Errorf("osirisctl hosts with the right token = %v, %q; want a list with WORKSTATION01", err, out)
	}
}
