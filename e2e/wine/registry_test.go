//go:build wine

package wine_test

import (
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/e2e/wine"
)

const (
	current = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\`
	system  = `HKLM\SYSTEM\CurrentControlSet\`
)

// TestChecksReadTheRegistry changes one thing after another and asks the agent
// as a technician would.
func TestChecksReadTheRegistry(t *testing.T) {
	t.Parallel()
	p := open(t)
	steps := []struct {
		name    string
		command string // a program of Windows and its arguments, by "|"
		check   string
		want    string
	}{
		{"a fresh Windows never locks", "", "screen_lock", "fail"},
		{"locks after 15 minutes", "reg.exe|add|" + lockKey + "|/v|" + lockName + "|/t|REG_DWORD|/d|900|/f", "screen_lock", "pass"},
		{"locks a second too late", "reg.exe|add|" + lockKey + "|/v|" + lockName + "|/t|REG_DWORD|/d|901|/f", "screen_lock", "fail"},
		{"0 is never", "reg.exe|add|" + lockKey + "|/v|" + lockName + "|/t|REG_DWORD|/d|0|/f", "screen_lock", "fail"},
		{"MDM counts minutes", `reg.exe|add|HKLM\SOFTWARE\Microsoft\PolicyManager\current\device\DeviceLock|/v|MaxInactivityTimeDeviceLock|/t|REG_DWORD|/d|10|/f`, "screen_lock", "pass"},
		{"locking is switched off", "reg.exe|add|" + lockKey + "|/v|DisableLockWorkstation|/t|REG_DWORD|/d|1|/f", "screen_lock", "fail"},

		{"nothing waits for a restart", "", "pending_reboot", "pass"},
		{"files to rename are no reason alone", "reg.exe|add|" + system + `Control\Session Manager|/v|PendingFileRenameOperations|/t|REG_MULTI_SZ|/d|\??\C:\x|/f`, "pending_reboot", "pass"},
		{"an update waits", "reg.exe|add|" + current + `WindowsUpdate\Auto Update\RebootRequired|/f`, "pending_reboot", "fail"},
		{"it was restarted", "reg.exe|delete|" + current + `WindowsUpdate\Auto Update\RebootRequired|/f`, "pending_reboot", "pass"},
		{"servicing waits", "reg.exe|add|" + current + `Component Based Servicing\RebootPending|/f`, "pending_reboot", "fail"},

		{"SMB 1 that cannot be read is not off", "", "smbv1", "unknown"},
		{"SMB 1 is switched on", "reg.exe|add|" + system + `Services\LanmanServer\Parameters|/v|SMB1|/t|REG_DWORD|/d|1|/f`, "smbv1", "fail"},

		{"a stopped spooler serves nobody", "", "spooler", "pass"},

		{"a service that the role needs is not there", "", "critical_services", "fail"},

		// Without an answer there is no verdict, least of all a pass.
		{"no Defender, no Security Center", "", "defender", "unknown"},
		{"no BitLocker namespace", "", "bitlocker", "unknown"},
		{"no firewall namespace", "", "firewall", "unknown"},
		{"no audit policy", "", "audit_policy", "unknown"},
		{"no password rules", "", "password_policy", "unknown"},
		{"no lockout rules", "", "account_lockout", "unknown"},
		{"a guest account of unknown state", "", "guest_account", "unknown"},
	}
	for _, s := range steps {
		if s.command != "" {
			args := strings.Split(s.command, "|")
			if _, err := p.Run(bounded(t), args[0], args[1:]...); err != nil {
				t.Fatalf("%s: %v", s.name, err)
			}
		}
		if got := judge(t, p, s.check); got != s.want {
			t.Errorf("%s: %s is %s; want %s", s.name, s.check, got, s.want)
		}
	}
}

// judge runs one check and gives its status.
func judge(t *testing.T, p *wine.Prefix, name string) string {
	t.Helper()
	// It exits with 3 when a check fails, and with 1 or 2 without an answer.
	out, err := p.Command(bounded(t), agentExe(t), "check", "--json", name).Output()
	var verdicts []struct{ Check, Status string }
	if jsonErr := json.Unmarshal(out, &verdicts); jsonErr != nil || len(verdicts) != 1 || verdicts[0].Check != name {
		said := ""
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			said = string(exit.Stderr)
		}
		t.Fatalf("check --json %s = %q, %v: %s", name, out, err, said)
	}
	return verdicts[0].Status
}
