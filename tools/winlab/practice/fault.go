package practice

import (
	"time"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// setting is a place of the model and what is there.
type setting struct {
	path   string
	value  any
	policy bool // group policy brings it back
}

// fault is something to find; check is the one that fails by it in a scan, "" if
// none does.
type fault struct {
	name     string
	check    check.ID
	settings []setting
}

var workstationFaults = []fault{
	{"the firewall is off in public networks", check.Firewall, []setting{{"firewall.profiles.public.enabled", false, false}}},
	{"", "", nil},
	{"BitLocker is suspended", check.BitLocker, []setting{{"bitlocker.volumes.c.suspended", true, false}}},
	{"Defender does not protect in real time", check.Defender, []setting{{"defender.real_time", false, false}}},
	{"group policy switches the domain's firewall off", check.Firewall, []setting{{"firewall.profiles.domain.enabled", false, true}}},
	{"another antivirus protects", "", []setting{{"defender.product", "Example Shield", false}, {"services.WinDefend.state", "stopped", false}}},
	{"security updates wait", check.Patches, []setting{{"updates.pending_days", 47, false}}},
	{"", "", nil},
	{"the screen does not lock", check.ScreenLock, []setting{{"screen_lock.machine_seconds", 0, false}}},
	{"Defender's signatures are old", check.Defender, []setting{{"defender.signature_age_days", 21, false}}},
	{"the guest account is enabled", "", []setting{{"users.guest.disabled", false, false}}},
}

var serverFaults = []fault{
	{"SMB 1 is on", check.SMBv1, []setting{{"smb.server_smb1", true, false}}},
	{"the last backup is old", check.BackupStatus, []setting{{"backup.age_hours", 190, false}}},
}

var controllerFaults = []fault{
	{"the print spooler runs", check.Spooler, []setting{{"services.Spooler.start", "auto", false}, {"services.Spooler.state", "running", false}}},
}

// trouble is what a host of a lifelike practice does besides.
type trouble struct {
	hangs, restarts bool
	delay           time.Duration
}

// troubles are those of workstations, by their numbers.
var troubles = map[int]*trouble{
	1: {restarts: true},
	6: {delay: slowness},
	7: {hangs: true},
}

func (h *Host) trouble(number int) *trouble {
	if h.Role != runbook.RoleWorkstation {
		return nil
	}
	return troubles[number]
}

// spoil gives a host its fault.
func spoil(h *Host, number int) error {
	list := workstationFaults
	switch h.Role {
	case runbook.RoleServer:
		list = serverFaults
	case runbook.RoleDomainController:
		list = controllerFaults
	}
	f := list[number%len(list)]
	for _, s := range f.settings {
		set := h.Model.Set
		if s.policy {
			set = h.Model.Policy
		}
		if err := set(s.path, s.value); err != nil {
			return err
		}
	}
	h.Fault, h.Check = f.name, f.check
	return nil
}
