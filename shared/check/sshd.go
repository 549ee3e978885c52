package check

// FactPermitRootLogin is the value of permitrootlogin as "sshd -T" gives it:
// the file alone misses Include, drop-ins and first-match.
const FactPermitRootLogin = "permitrootlogin"

// With allow_key_only = yes root may log in with a key; passwords stay forbidden.
var sshParameters = []Parameter{{"allow_key_only", "no"}}

func judgeSSHRoot(d *definition, f Facts, p Parameters, v *Verdict) {
	v.Expected = "no"
	keyOnly := d.get(p, "allow_key_only") == "yes"
	if keyOnly {
		v.Expected = "no or prohibit-password"
	}
	v.Actual, _ = f.Get(FactPermitRootLogin)
	switch v.Actual {
	case "no":
		v.pass("Root cannot log in over SSH.")
	case "prohibit-password", "without-password", "forced-commands-only":
		if v.fail(Medium, "Root can log in over SSH with a key."); keyOnly {
			v.Severity = ""
			v.pass("Root can log in over SSH with a key only.")
		}
	case "yes":
		v.fail(High, "Root can log in over SSH with a password.")
	default:
		v.unknown("The SSH server's setting could not be read.")
	}
}
