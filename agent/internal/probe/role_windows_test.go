package probe

import (
	"context"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/check"
)

// TestRoleChecksReadTheRunningWindows runs what fixtures cannot: the calls. It
// holds under Wine and on Windows; what Wine lacks must be an error and not a
// wrong fact.
func TestRoleChecksReadTheRunningWindows(t *testing.T) {
	p := New("/")
	for id, want := range map[check.ID]string{
		check.DiskSpace:        check.FactVolume,
		check.CriticalServices: check.FactService,
		check.Spooler:          check.FactDomainRole,
		check.PasswordPolicy:   check.FactRules,
		check.AccountLockout:   check.FactRules,
		check.AuditPolicy:      check.FactAudit,
	} {
		facts := p.Read(context.Background(), id)
		t.Logf("%s: %q", id, facts)
		v := check.Judge(id, facts, nil)
		t.Logf("%s: %s %s %s", id, v.Status, v.Actual, v.Reason)
		_, there := facts.Get(want)
		if reason, failed := facts.Get(check.FactError); failed == there {
			t.Errorf("%s: fact %s is there: %v, error %q", id, want, there, reason)
		}
		if !v.Status.Valid() {
			t.Errorf("%s: %+v", id, v)
		}
	}
}

// Without its question to a time server: tests stay on this computer.
func TestTimeIsReadFromTheRunningWindows(t *testing.T) {
	p := New("/")
	p.attach()
	facts, err := p.read(context.Background(), strings.Replace(timeSources, "ntp?|offset\n", "", 1))
	if role, _ := facts.Get(check.FactDomainRole); err != nil || role == "" {
		t.Errorf("facts = %q, %v", facts, err)
	}
	if owner, _ := facts.Get(check.FactOwner); owner == "" {
		t.Errorf("facts = %q; want an owner", facts)
	}
}

func TestTheSystemsVolumeComesFirst(t *testing.T) {
	drives, err := (&windowsSystem{}).drives(context.Background())
	if err != nil || len(drives) == 0 {
		t.Fatalf("drives = %v, %v", drives, err)
	}
	if first := &drives[0]; !strings.HasSuffix(first.name, ":") || first.kind != driveFixed || first.size.total == 0 {
		t.Errorf("the first drive is %+v", first)
	}
	for i := range drives {
		t.Logf("%+v", drives[i])
	}
}
