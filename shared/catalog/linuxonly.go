package catalog

import "github.com/osiriscare/osiris/shared/check"

// linuxOnly lists the checks that only Linux has.
var linuxOnly = []Check{
	{
		ID:        check.LinuxFirewall,
		Title:     "Linux host firewall",
		DriftType: "linux_firewall_disabled",
		Severity:  "critical",
		Citations: []string{"164.312(a)(1)", "164.312(e)(1)", "164.308(a)(1)(ii)(B)"},
		Advice:    "Turn the firewall on with a default of deny for incoming connections; allow SSH first.",
		Platforms: []string{"linux"},
	},
	{
		ID:        check.SSHRootLogin,
		Title:     "SSH root login",
		DriftType: "ssh_root_login_allowed",
		Severity:  "high",
		Citations: []string{"164.312(d)", "164.312(a)(2)(i)"},
		Advice:    "Set PermitRootLogin no in a drop-in of sshd_config.d and reload the SSH service.",
		Platforms: []string{"linux"},
	},
	{
		ID:        check.SysctlHardening,
		Title:     "Kernel hardening",
		DriftType: "kernel_hardening_missing",
		Severity:  "medium",
		Citations: []string{"164.308(a)(1)(ii)(B)"},
		Advice:    "Set the required kernel parameters in /etc/sysctl.d and remove later files that undo them.",
		Platforms: []string{"linux"},
		RunbookID: "linux.sysctl.harden",
	},
}
