//go:build !osiris_agent

package check

// Facts of linux_integrity.
const (
	// FactGuard is a row for each protection from malware that is installed: Name, and
	// State: active, or what systemd calls it.
	FactGuard        = "guard"
	FactSignatureAge = "signature_age_hours" // of ClamAV's newest signatures
	// FactWatcher is a row for each program that notices changed files: Name, and
	// State: active, or missing.
	FactWatcher    = "watcher"
	FactWatcherAge = "watcher_age_hours" // since the list of files that AIDE compares with was made
	// FactMandatoryAccess is enforcing, permissive, complain, off or unread.
	FactMandatoryAccess = "mandatory_access"
)

var linuxIntegrityParameters = []Parameter{
	{"max_signature_hours", "72"},
	{"max_watcher_hours", "4320"},
	{"require_guard", "yes"},
	{"require_watcher", "yes"},
}

// What is installed and does not run comes first: it can be started. The rest a
// person does; above all nobody switches SELinux to enforcing blindly.
const linuxIntegrityRulings = `protection from malware runs, files are watched, access control is enforced
-mandatory_access|unknown||The state could not be read.
for guard
State=active|+well|{Name}
State!active|+stopped|{Name}
Name^clam|+clam|{Name}
end
for watcher
State=active|+watches|{Name}
State!active|+idle|{Name}
end
stopped|high|stopped: {stopped}|Protection from malware is installed and does not run: {stopped}.
signature_age_hours>max_signature_hours|high|old signatures|ClamAV's signatures are too old.
idle|medium|idle: {idle}|What notices changed files is installed and does not run, or has nothing to compare with: {idle}.
-well&$require_guard=yes|medium|no protection from malware|Nothing that protects from malware is installed.
-watches&$require_watcher=yes|low|files not watched|Nothing notices when files of the system are changed.
watcher_age_hours>max_watcher_hours|low|old list|The list that AIDE compares files with is too old to notice much.
mandatory_access=off|medium|no access control|Neither SELinux nor AppArmor is on.
mandatory_access=permissive|medium|SELinux permissive|SELinux only logs what it should refuse.
mandatory_access=complain|medium|AppArmor only logs|AppArmor enforces no profile.
clam&-signature_age_hours|unknown||How old ClamAV's signatures are could not be read.
mandatory_access=unread|unknown||Whether SELinux or AppArmor is enforced could not be read.
mandatory_access=enforcing|pass|well|Protection from malware runs, files are watched, access control is enforced.`
