//go:build !osiris_agent

package check

// Facts of linux_scheduled.
const (
	// FactEntriesDigest is SHA-256 over all entries, by which a person approves them.
	FactEntriesDigest = "entries_digest"
	FactEntryCount    = "entry_count"
	// FactEntry is the first entries, as KIND PATH and what it is: cron, unit or suid.
	FactEntry     = "entry"
	FactNotWalked = "not_walked" // volumes that may hold SUID programs and were left out
)

// approved holds the digests that persons have looked at, of all hosts of the
// site, with anything between them.
var linuxScheduledParameters = []Parameter{{"approved", "none"}}

const linuxScheduledRulings = `a set of jobs and SUID programs that somebody has approved
-entries_digest|unknown||The jobs and SUID programs could not be listed.
$approved~{entries_digest}&not_walked|pass|approved|The {entry_count} jobs and SUID programs are those that somebody approved. Nobody looked for SUID programs on {not_walked}.
$approved~{entries_digest}|pass|approved|The {entry_count} jobs and SUID programs are those that somebody approved.
$approved=none|low|{entries_digest}|Nobody has approved the {entry_count} jobs and SUID programs yet.
|medium|{entries_digest}|The {entry_count} jobs and SUID programs are none that anybody approved.`
