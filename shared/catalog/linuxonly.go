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
		Runbooks:  map[string]string{"linux": "linux.firewall.enable"},
		Facts: map[string]Class{
			check.FactFirewallManager: Safe, check.FactFirewallState: Safe, check.FactFirewallInput: Safe,
		},
	},
	{
		ID:        check.SSHRootLogin,
		Title:     "SSH root login",
		DriftType: "ssh_root_login_allowed",
		Severity:  "high",
		Citations: []string{"164.312(d)", "164.312(a)(2)(i)"},
		Advice:    "Set PermitRootLogin no in a drop-in of sshd_config.d and reload the SSH service.",
		Platforms: []string{"linux"},
		Runbooks:  map[string]string{"linux": "linux.ssh_root.forbid"},
		Facts:     map[string]Class{check.FactPermitRootLogin: Safe},
		Parameters: []Parameter{
			{"allow_key_only", "no", "Whether root may log in with a key: yes or no."},
		},
	},
	{
		ID:        check.SysctlHardening,
		Title:     "Kernel hardening",
		DriftType: "kernel_hardening_missing",
		Severity:  "medium",
		Citations: []string{"164.308(a)(1)(ii)(B)"},
		Advice:    "Set the required kernel parameters in /etc/sysctl.d and remove later files that undo them.",
		Platforms: []string{"linux"},
		Runbooks:  map[string]string{"linux": "linux.sysctl.harden"},
		Facts:     sysctlFacts(),
		Parameters: []Parameter{
			{"kernel.dmesg_restrict", "=1", sysctlDoc},
			{"kernel.kptr_restrict", ">=1", sysctlDoc},
			{"kernel.randomize_va_space", "=2", sysctlDoc},
			{"net.ipv4.conf.all.accept_redirects", "=0", sysctlDoc},
			{"net.ipv4.conf.all.rp_filter", ">=1", sysctlDoc},
			{"net.ipv4.tcp_syncookies", "=1", sysctlDoc},
		},
	},
}

const sysctlDoc = `Value the key must have: "=N", ">=N" or "any".`

// sysctlFacts classes three facts per key: the value, which is a number, the file
// that sets it, and the running kernel's value.
func sysctlFacts() map[string]Class {
	classes := map[string]Class{}
	for _, p := range check.Defaults(check.SysctlHardening) {
		classes[p.Name] = Safe
		classes[p.Name+check.SysctlFileSuffix] = Identifier
		classes[p.Name+check.SysctlRunningSuffix] = Safe
	}
	return classes
}
