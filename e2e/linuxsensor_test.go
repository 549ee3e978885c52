//go:build integration

package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// TestTheLinuxSensorReportsAndResolves runs the sensor that the appliance serves,
// with commands of ours in the place of df and its like, so that it finds a full
// disk, and then finds it empty again.
func TestTheLinuxSensorReportsAndResolves(t *testing.T) {
	s := start(t, trustv1.Tier_TIER_MONITOR_ONLY)
	base := fmt.Sprintf("http://127.0.0.1:%d", s.Ports().Sensor)
	folder := t.TempDir()
	for _, name := range []string{"osiriscare-sensor.sh", "install.sh", "uninstall.sh"} {
		script := filepath.Join(folder, name)
		if err := os.WriteFile(script, fetched(t.Context(), t, base+"/sensor/"+name), 0o700); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), "sh", "-n", script).CombinedOutput(); err != nil {
			t.Fatalf("%s is no script: %v: %s", name, err, out)
		}
	}
	commands := filepath.Join(folder, "bin")
	if err := os.Mkdir(commands, 0o700); err != nil {
		t.Fatal(err)
	}
	pretend := func(name, says string) {
		text := "#!/bin/sh\ncat <<'END'\n" + says + "\nEND\n"
		if err := os.WriteFile(filepath.Join(commands, name), []byte(text), 0o700); err != nil { //nolint:gosec // a command must be executable
			t.Fatal(err)
		}
	}
	const head = "Filesystem 1024-blocks Used Available Capacity Mounted on\n"
	pretend("uname", `db"1`+"\\")
	pretend("df", head+"/dev/sda1 100 97 3 97% /srv/a \"b\"")
	pretend("nft", "table inet filter {\n chain input {\n  type filter hook input priority 0; policy drop;\n }\n}")
	pretend("systemctl", "")
	pretend("sshd", "permitrootlogin no\npermitemptypasswords no")

	ctx, cancel := context.WithCancel(t.Context())
	sensor := exec.CommandContext(ctx, "sh", filepath.Join(folder, "osiriscare-sensor.sh"))
	sensor.Env = []string{
		"PATH=" + commands + ":" + os.Getenv("PATH"), "APPLIANCE_URL=" + base, "SENSOR_ID=lsens-e2e", "CHECK_INTERVAL=1",
		"STATE_DIR=" + filepath.Join(folder, "state"),
	}
	sensor.WaitDelay = time.Second
	var said strings.Builder
	sensor.Stderr = &said
	if err := sensor.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = sensor.Wait() // killed
		if t.Failed() {
			t.Logf("the sensor said: %s", said.String())
		}
	})

	status := func(want func(map[string]any) bool) func(context.Context) error {
		return func(ctx context.Context) error {
			var out struct{ Sensors []map[string]any }
			if err := json.Unmarshal(fetched(ctx, t, base+"/sensor/status"), &out); err != nil {
				return err
			}
			if len(out.Sensors) != 1 || !want(out.Sensors[0]) {
				return fmt.Errorf("status = %v", out.Sensors)
			}
			return nil
		}
	}
	s.until("the sensor's event and heartbeat", status(func(line map[string]any) bool {
		return line["sensor_id"] == "lsens-e2e" && line["hostname"] == `db"1\` && line["event_count"] == 1.0 &&
			line["last_event_type"] == "disk_space" && line["version"] == "2.0.0" && line["active"] == true
	}))
	proof := func(kind string) func(context.Context) error {
		return func(ctx context.Context) error {
			list, err := s.evidence(ctx)
			if err != nil {
				return err
			}
			for _, e := range list {
				if e.GetCheckId() == "disk_space" && e.GetKind() == kind {
					return nil
				}
			}
			return fmt.Errorf("no evidence of the kind %s about disk_space among %d", kind, len(list))
		}
	}
	s.until("evidence of the full disk at Central", proof("drift"))
	pretend("df", head+"/dev/sda1 100 50 50 50% /")
	s.until("evidence of its end", proof("resolution"))
}

func fetched(ctx context.Context, t *testing.T, url string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end below
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("GET %s = %d, %v: %s", url, answer.StatusCode, err, body)
	}
	return body
}
