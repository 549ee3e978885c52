//go:build !osiris_agent

package check

// Facts of linux_accounts and linux_empty_password. Hashes of passwords never
// leave the host.
const (
	FactAccounts      = "accounts"       // how many there are
	FactSuperuser     = "superuser"      // an account other than root with the user id 0
	FactSameID        = "same_id"        // a user id and the accounts that share it
	FactEmptyPassword = "empty_password" // an account that needs none
	// FactAccount is a row for each account with a password: Name, and MaxDays
	// until it has to be changed, or nothing if it never has.
	FactAccount = "account"
	// FactAccountMore is how many more accounts with a password there are.
	FactAccountMore = "account_more"
	// FactLockout is yes or no: whether PAM locks an account after wrong passwords.
	FactLockout = "lockout"
)

// Passwords that have to be changed every so often are no better (NIST SP
// 800-63B), so that nobody has to ask for it.
var accountsParameters = []Parameter{{"max_password_days", "0"}, {"require_lockout", "yes"}}

const accountsRulings = `one superuser, an id for each account, locked after wrong passwords
-accounts|unknown||The accounts could not be read.
superuser|critical|{superuser}|Accounts other than root have the user id 0: {superuser}.
same_id|high|{same_id}|Accounts share a user id, so that nobody can tell who did something.
$require_lockout!no&lockout=no|medium|no lockout|Wrong passwords do not lock an account for a while.
$require_lockout!no&lockout!yes|unknown||Whether wrong passwords lock an account could not be read.
for account
$max_password_days>0&-MaxDays|+lasting|{Name}
$max_password_days>0&MaxDays>max_password_days|+lasting|{Name}
end
lasting|low|{lasting}|Passwords of these accounts last longer than {$max_password_days} days.
$max_password_days>0&account_more|unknown||There are too many accounts to look at each.
|pass|well|Each account is one person's or service's, and wrong passwords lock it.`

const emptyPasswordRulings = `every account has a password or is locked
-accounts|unknown||The accounts could not be read.
empty_password|critical|{empty_password}|Anybody can be {empty_password}: no password is asked for.
|pass|well|No account is without a password.`
