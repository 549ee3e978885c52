package model

import (
	"fmt"

	"github.com/osiriscare/osiris/shared/runbook"
)

// startupOf and stateOf are the words of the tree with the numbers of winsvc.h.
var (
	startupOf = map[string]int{"boot": 0, "system": 1, "auto": 2, "manual": 3, "disabled": 4}
	stateOf   = map[string]int{"stopped": 1, "running": 4}
)

// never stands for an age of what never happened.
const never = int64(-1)

// baseline fills the tree with a host that passes every check.
func (h *Host) baseline() error {
	c := &h.cfg
	t := h.tree
	product, domainRole, edition, build := int64(1), int64(0), "Professional", int64(26200)
	switch c.Role {
	case runbook.RoleWorkstation:
		if c.Domain {
			domainRole = 1
		}
	case runbook.RoleServer:
		product, domainRole, edition, build = 3, 2, "ServerStandard", 26100
		if c.Domain {
			domainRole = 3
		}
	case runbook.RoleDomainController:
		product, domainRole, edition, build = 2, 5, "ServerStandard", 26100
		c.Domain = true
	default:
		return fmt.Errorf("%q is no role", c.Role)
	}
	t["host.product_type"], t["host.domain_role"] = product, domainRole
	t["host.edition"], t["host.build"], t["host.revision"] = edition, build, int64(7171)
	t["host.system_drive"] = "C:"
	h.services()
	h.protection()
	h.policySettings()
	h.storage()
	h.network()
	h.roles()
	return nil
}

func (h *Host) service(name, start, state string) {
	p := "services." + name + "."
	h.tree[p+"start"], h.tree[p+"state"] = start, state
	h.tree[p+"delayed"], h.tree[p+"trigger"] = false, false
}

func (h *Host) services() {
	for _, name := range []string{"MpsSvc", "BFE", "EventLog", "CryptSvc", "LanmanServer", "WinDefend", "WinRM", "W32Time"} {
		h.service(name, "auto", "running")
	}
	// A trigger of its own on every Windows: a domain is joined.
	h.tree["services.W32Time.trigger"] = true
	for _, name := range []string{"VSS", "swprv", "wuauserv", "BITS"} {
		h.service(name, "manual", "stopped")
	}
	h.service("Netlogon", "manual", "stopped")
	if h.cfg.Domain {
		h.service("Netlogon", "auto", "running")
	}
	h.service("Spooler", "auto", "running")
	if h.cfg.Role != runbook.RoleWorkstation {
		h.service("Spooler", "disabled", "stopped")
	}
	if h.cfg.Role == runbook.RoleDomainController {
		for _, name := range []string{"NTDS", "DNS", "DHCPServer"} {
			h.service(name, "auto", "running")
		}
	}
}

func (h *Host) protection() {
	t := h.tree
	for _, zone := range []string{"domain", "private", "public"} {
		t["firewall.profiles."+zone+".enabled"] = true
	}
	t["firewall.product"] = "" // one that replaces it, such as "Example Shield"
	t["defender.antivirus"], t["defender.real_time"] = true, true
	t["defender.signature_age_days"] = int64(0)
	t["defender.updates_reachable"] = true
	t["defender.product"] = "" // another antivirus: then Defender is passive
	t["defender.product_old"] = false
	t["defender.tamper_protection"] = true
	t["smb.server_smb1"], t["smb.feature"] = false, false
	t["spooler.remote_rpc"] = int64(2) // 0 for no policy
	t["spooler.shared_printers"] = int64(0)
	t["bitlocker.installed"] = true
	for _, letter := range []string{"c", "d"} {
		p := "bitlocker.volumes." + letter + "."
		t[p+"encrypted"], t[p+"suspended"], t[p+"locked"] = true, false, false
		// After how many restarts it resumes by itself; 0 for never.
		t[p+"suspend_count"] = int64(0)
	}
}

func (h *Host) policySettings() {
	t := h.tree
	for _, name := range auditNames {
		t["audit."+name] = int64(3)
	}
	t["audit.log_mb"] = int64(1024)
	t["password.min_length"], t["password.max_age_days"] = int64(14), int64(0)
	t["password.min_age_days"], t["password.history"] = int64(1), int64(24)
	t["lockout.threshold"], t["lockout.minutes"] = int64(10), int64(15)
	t["screen_lock.machine_seconds"] = int64(600) // 0 for no limit
	t["screen_lock.disabled"] = false
	t["screen_lock.people.1001.active"], t["screen_lock.people.1001.secure"] = "1", "1"
	// Too late alone; the machine's own limit holds for everybody.
	t["screen_lock.people.1001.seconds"] = int64(1800)
	t["users.guest.name"], t["users.guest.disabled"] = "Guest", true
	// Whether what group policy applied can be read (RSoP).
	t["policy.readable"] = true
	t["reboot.pending"] = false
	t["reboot.renames"] = int64(0)
	t["time.type"], t["time.server"] = "NTP", "time.windows.com,0x9"
	if h.cfg.Domain {
		t["time.type"] = "NT5DS"
	}
	// How far the clock is ahead; no script tells it, for the appliance measures it.
	t["time.offset_ms"] = int64(0)
}

func (h *Host) storage() {
	t := h.tree
	// What is used beside temporary files and downloaded updates, which are on C:.
	t["disk.volumes.c.size_mb"], t["disk.volumes.c.used_mb"] = int64(480000), int64(280000)
	t["disk.volumes.d.size_mb"], t["disk.volumes.d.used_mb"] = int64(960000), int64(360000)
	t["disk.temporary_mb"] = int64(900)
	for _, letter := range []string{"c", "d"} {
		t["disk.volumes."+letter+".health"], t["disk.volumes."+letter+".dirty"] = int64(0), false
	}
	t["disk.physical.0.health"] = int64(0)
	t["vss.errors"] = int64(0)
	t["updates.cache_mb"], t["updates.errors"] = int64(300), int64(0)
	t["updates.search_age_hours"], t["updates.installed_days_ago"] = int64(5), int64(6)
	// Days since the oldest security update that waits was published; -1 for none.
	t["updates.pending_days"] = never
	t["updates.wsus_server"], t["updates.wsus_registered"] = "", true
	t["backup.product"], t["backup.age_hours"], t["backup.works"] = "Windows Server Backup", int64(9), true
	if h.cfg.Role == runbook.RoleWorkstation {
		t["backup.product"] = ""
	}
}

func (h *Host) network() {
	t := h.tree
	p := "network.adapters.5."
	t[p+"category"], t[p+"netbios"] = "private", int64(2)
	if h.cfg.Domain {
		t[p+"category"] = "domain"
	}
	t[p+"dhcp"] = true
	// "none" leaves the servers to DHCP.
	t[p+"static_dns"], t[p+"dhcp_dns"] = "none", "10.20.0.10"
	t[p+"received_errors"], t[p+"sent_errors"] = int64(0), int64(0)
}

func (h *Host) roles() {
	t := h.tree
	if h.cfg.Domain {
		t["domain.name"] = "northvalley.example"
		t["domain.secure_channel"], t["domain.password_never_changes"] = true, false
	}
	if h.cfg.Role == runbook.RoleDomainController {
		t["domain.replication_failures"], t["domain.locked_accounts"] = int64(0), int64(0)
	}
}
