package runbook_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/check"
)

// linuxSeeds are the seeds' 16 runbooks of Linux (domain notes 11).
var linuxSeeds = map[string]string{
	"LIN-SSH-001":   "linux.ssh_root.forbid",
	"LIN-SSH-002":   "linux.ssh_password.forbid",
	"LIN-SSH-003":   "linux.ssh_session.limit",
	"LIN-FW-001":    "linux.firewall.enable",
	"LIN-AUDIT-001": "linux.audit.enable",
	"LIN-LOG-001":   "linux.log.forward",
	"LIN-TIME-001":  "linux.time.enable",
	"LIN-KERN-001":  "linux.sysctl.harden",
	"LIN-ACCT-001":  "linux.accounts.lock",

	"LIN-PATCH-001":  "linux.patches.install",
	"LIN-CRYPT-001":  "linux.encryption.review",
	"LIN-PERM-001":   "linux.permissions.restrict",
	"LIN-INTEG-001":  "linux.integrity.start",
	"LIN-BACKUP-001": "linux.backup.run",
	"LIN-CRON-001":   "linux.scheduled.review",
	"LIN-SVC-001":    "linux.services.restart",
}

func TestEverySeedOfLinuxHasItsRunbook(t *testing.T) {
	got := map[string]string{}
	for _, r := range load(t).All() {
		for _, seed := range r.SeedIDs {
			if r.Platform == "linux" {
				got[seed] = r.ID
			}
		}
	}
	if diff := cmp.Diff(linuxSeeds, got); diff != "" {
		t.Errorf("the seeds' ids differ (-want +got):\n%s", diff)
	}
}

// What cannot be undone, or would keep everybody out when it goes wrong, or takes
// knowing what somebody meant.
func TestWhatNeedsAPersonOnlyAlertsOnLinux(t *testing.T) {
	want := []string{
		"linux.accounts.review", "linux.encryption.review", "linux.reboot.review", "linux.restore.review", "linux.scheduled.review",
	}
	var got []string
	for _, r := range load(t).All() {
		if r.AlertOnly && r.Platform == "linux" {
			got = append(got, r.ID)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("alert-only runbooks differ (-want +got):\n%s", diff)
	}
}

func TestEveryRunbookOfLinuxHasARoadOverSSH(t *testing.T) {
	for _, r := range load(t).All() {
		if r.Platform == "linux" && (r.Roads.SSH == nil || !r.AlertOnly && r.Roads.SSH.Remediate.Script == nil) {
			t.Errorf("%s has none, or no script", r.ID)
		}
	}
}

// etc are the runbooks about access that write below /etc, which NixOS makes anew.
var etc = []string{
	"linux.ssh_root.forbid", "linux.ssh_password.forbid", "linux.ssh_session.limit", "linux.firewall.enable", "linux.audit.enable",
	"linux.log.forward", "linux.time.enable", "linux.sysctl.harden", "linux.accounts.lock",
}

func TestNixOSIsLeftToItsConfiguration(t *testing.T) {
	for _, r := range load(t).All() {
		if r.Platform != "linux" || r.AlertOnly || !slices.Contains(etc, r.ID) {
			continue
		}
		t.Run(r.ID, func(t *testing.T) {
			m := newHost(t, "ssh active enabled")
			m.program(t, "sshd", fakeSSHServer)
			m.program(t, "rsyslogd", "exit 0\n")
			m.program(t, "nft", "exit 0\n")
			m.folder(t, "run/systemd/journal")
			m.program(t, "journalctl", "echo 'Accepted publickey for osiris from 192.0.2.7 port 40000 ssh2'\n")
			m.env = append(m.env, connection)
			m.write(t, "etc/ssh/sshd_config", "Include x\n")
			m.write(t, "etc/NIXOS", "")
			m.write(t, "etc/passwd", "root:x:0:0::/root:/bin/sh\n")
			m.write(t, "etc/shadow", "root:*:1::::::\n")
			repair{runbook: r.ID, kept: []string{"etc", "units"}, parameters: map[string]string{"log_host": "log.example.org"}}.refused(t, m, "configuration.nix")
		})
	}
}

// factOfShell is a fact that a script of Linux gives by name.
var factOfShell = regexp.MustCompile(`(?m)(?:^|[;&|{] *|then |else )[ \t]*fact ([a-z][A-Za-z0-9_.-]*) `)

// A judge finds no fact that a script spells otherwise than it does.
func TestFactsScriptsOfLinuxGiveTheFactsOfTheirJudge(t *testing.T) {
	texts := load(t).Texts()
	given := 0
	for _, id := range texts.Checks("linux") {
		text, err := texts.Facts("linux", id)
		if err != nil {
			t.Fatal(err)
		}
		known := append(check.FactNames(id), check.FactNotApplicable)
		for _, m := range factOfShell.FindAllStringSubmatch(text.Body, -1) {
			given++
			if !slices.Contains(known, m[1]) {
				t.Errorf("%s gives the fact %s; the judge of %s knows %v", text.Path, m[1], id, known)
			}
		}
	}
	if given < 60 {
		t.Errorf("only %d facts were found", given)
	}
}

func TestAScanOfEveryCheckOfLinuxFitsIntoOneDocument(t *testing.T) {
	c := load(t)
	d, err := c.Scan("linux", c.Texts().Checks("linux")...)
	if err != nil {
		t.Fatal(err)
	}
	text, err := d.Shell()
	if err != nil || len(d.Parts) < 20 || len(text) > 128<<10 {
		t.Fatalf("the scan has %d parts and %d bytes (%v)", len(d.Parts), len(text), err)
	}
	if texts, err := c.Recognise(d); err != nil || len(texts) != len(d.Parts) {
		t.Errorf("Recognise = %d texts, %v", len(texts), err)
	}
	// The words come before what uses them; each subject's once.
	for _, word := range []string{"fact() {", "service_there() {", "own_connection() {", "audit_missing() {", "tcp_connected() {", "firewall_input() {"} {
		if strings.Count(string(text), "\n"+word) != 1 {
			t.Errorf("the scan has %d times %s", strings.Count(string(text), "\n"+word), word)
		}
	}
	if !strings.HasPrefix(string(text), "# What every part shares") {
		t.Errorf("the scan begins with %.60q", text)
	}
}
