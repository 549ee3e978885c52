//go:build !osiris_agent

package check

// Facts of linux_patches.
const (
	FactPackageManager = "package_manager" // apt, dnf, zypper, apk or nix
	FactSecurityCount  = "security_count"  // how many security updates wait
	FactSecurityUpdate = "security_update" // names of the first of them
	// FactSecuritySource is yes, no, or unlabelled where the repositories do not say
	// which updates are for security.
	FactSecuritySource = "security_source"
	FactListAge        = "list_age_hours" // since the list of updates was fetched
	FactSupportEnd     = "support_end"    // the date until which the system's maker mends it, where it is known
	FactSupportEnded   = "support_ended"  // the same date where it has passed
)

var linuxPatchParameters = []Parameter{{"max_list_hours", "72"}, {"max_waiting", "0"}}

// Updates that an old list names wait for certain; that it names none proves
// nothing. A list that nobody fetches is itself what is wrong, and is mended by
// fetching it.
const linuxPatchRulings = `no security update waits, by a list at most {$max_list_hours} hours old
-package_manager|unknown||There is no package manager that this can ask.
package_manager=nix|unknown||NixOS is updated as a whole; what its channel offers is not looked at.
-security_count|unknown||The updates could not be listed.
security_count>max_waiting|high|{security_count} waiting|Security updates wait: {security_update}.
support_ended|high|support ended|The system has had no security updates since {support_ended}.
security_source=no|high|no source|No source of security updates is set up.
security_source=unlabelled|unknown||The repositories do not say which updates are for security.
-security_source|unknown||Where updates come from could not be read.
-list_age_hours|unknown||When the list of updates was fetched is not known.
list_age_hours>max_list_hours|medium|list too old|The list of updates was not fetched for too long.
-support_end|unknown||Until when this release has security updates is not known here.
|pass|none waiting|No security update waits.`
