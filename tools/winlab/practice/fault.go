package practice

import (
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/tools/winlab/model"
)

// setting is a place of the model and what is there.
type setting struct {
	path   string
	value  any
	policy bool // group policy brings it back
}

// fault is something to find.
type fault struct {
	name     string
	settings []setting
}

var workstationFaults = []fault{
	{"the firewall is off in public networks", []setting{{"firewall.profiles.public.enabled", false, false}}},
	{"nothing", nil},
	{"BitLocker is suspended", []setting{{"bitlocker.volumes.c.suspended", true, false}}},
	{"nothing", nil},
	{"Defender's signatures are old", []setting{{"defender.signature_age_days", 21, false}}},
	{"security updates wait", []setting{{"updates.pending_days", 47, false}}},
	{"nothing", nil},
	{"the screen does not lock", []setting{{"screen_lock.machine_seconds", 0, false}}},
	{"group policy switches the domain's firewall off", []setting{{"firewall.profiles.domain.enabled", false, true}}},
	{"nothing", nil},
	{"the guest account is enabled", []setting{{"users.guest.disabled", false, false}}},
	{"another antivirus protects", []setting{{"defender.product", "Example Shield", false}, {"services.WinDefend.state", "stopped", false}}},
}

var serverFaults = []fault{
	{"the last backup is old", []setting{{"backup.age_hours", 190, false}}},
	{"SMB 1 is on", []setting{{"smb.server_smb1", true, false}}},
}

var controllerFaults = []fault{
	{"the print spooler runs", []setting{{"services.Spooler.start", "auto", false}, {"services.Spooler.state", "running", false}}},
}

// spoil gives the host of a number its fault.
func spoil(h *model.Host, role string, i int) (string, error) {
	list := workstationFaults
	switch role {
	case runbook.RoleServer:
		list = serverFaults
	case runbook.RoleDomainController:
		list = controllerFaults
	}
	f := list[i%len(list)]
	for _, s := range f.settings {
		set := h.Set
		if s.policy {
			set = h.Policy
		}
		if err := set(s.path, s.value); err != nil {
			return "", err
		}
	}
	if len(f.settings) == 0 {
		return "", nil
	}
	return f.name, nil
}
