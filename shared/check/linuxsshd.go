//go:build !osiris_agent

package check

import "strconv"

// Facts of sshd_password_login and sshd_sessions, most of them as "sshd -T" gives them.
const (
	FactPasswordLogin = "passwordauthentication"
	FactAskedLogin    = "kbdinteractiveauthentication"
	// FactKeyAlways is yes where AuthenticationMethods asks everybody for a key, so
	// that a password is never enough.
	FactKeyAlways = "key_always"
	// FactMatchPassword is yes where a Match block lets some in with a password.
	FactMatchPassword = "match_password"
	FactMaxAuthTries  = "maxauthtries"
	FactAliveInterval = "clientaliveinterval" // seconds
	FactAliveCount    = "clientalivecountmax"
)

const sshPasswordRulings = `keys only
-passwordauthentication|unknown||The SSH server's settings could not be read.
-kbdinteractiveauthentication|unknown||The SSH server's settings could not be read.
-match_password|unknown||The Match blocks of the SSH server could not be read.
key_always=yes&match_password!yes|pass|a key is always asked for|Nobody gets in over SSH without a key.
key_always=yes|medium|passwords for some|A Match block of the SSH server lets some in with a password.
passwordauthentication=yes|high|passwords|The SSH server lets people in with a password.
kbdinteractiveauthentication=yes|high|passwords, asked for|The SSH server lets people in with a password that it asks for.
match_password=yes|medium|passwords for some|A Match block of the SSH server lets some in with a password.
|pass|keys only|Nobody gets in over SSH with a password.`

// The server ends connections whose client is gone, after the product of two
// settings; a count of 0 switches that off (OpenSSH 8.2 and later).
var sessionsParameters = []Parameter{{"max_auth_tries", "4"}, {"max_idle_seconds", "900"}}

func judgeSessions(d *definition, f Facts, p Parameters, v *Verdict) {
	limit, idle := d.number(p, "max_auth_tries"), d.number(p, "max_idle_seconds")
	v.Expected = "at most " + decimal(limit) + " tries, a silent client is gone after " + decimal(idle) + " s"
	var n [3]uint64
	for i, name := range []string{FactMaxAuthTries, FactAliveInterval, FactAliveCount} {
		var err error
		if n[i], err = strconv.ParseUint(f.text(name), 10, 31); err != nil {
			v.unknown("The SSH server's settings could not be read.")
			return
		}
	}
	tries, interval, count := n[0], n[1], n[2]
	v.Actual = decimal(tries) + " tries, " + decimal(interval*count) + " s"
	switch {
	case tries > limit:
		v.fail(Medium, "One connection to the SSH server may try more passwords or keys than people need.")
	case interval == 0 || count == 0:
		v.fail(Medium, "The SSH server never ends the session of a client that is gone.")
	case interval*count > idle:
		v.fail(Medium, "The SSH server keeps the session of a client that is gone for too long.")
	default:
		v.pass("The SSH server limits tries, and ends sessions whose client is gone.")
	}
}
