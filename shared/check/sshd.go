package check

// FactPermitRootLogin is the value of permitrootlogin as "sshd -T" gives it:
// the file alone misses Include, drop-ins and first-match.
const FactPermitRootLogin = "permitrootlogin"

func sshRootLogin() definition {
	return definition{
		id: SSHRootLogin, judge: judgeSSHRoot, facts: []string{FactPermitRootLogin},
		// yes lets root log in with a key; passwords stay forbidden.
		parameters: []Parameter{{"allow_key_only", "no"}},
	}
}

func judgeSSHRoot(d definition, f Facts, p Parameters) Verdict {
	v := Verdict{Expected: "no"}
	keyOnly := d.get(p, "allow_key_only") == "yes"
	if keyOnly {
		v.Expected = "no or prohibit-password"
	}
	v.Actual, _ = f.Get(FactPermitRootLogin)
	switch v.Actual {
	case "no":
		v.Status, v.Reason = Pass, "Root cannot log in over SSH."
	case "prohibit-password", "without-password", "forced-commands-only":
		v.Status, v.Severity, v.Reason = Fail, Medium, "Root can log in over SSH with a key."
		if keyOnly {
			v.Status, v.Reason = Pass, "Root can log in over SSH with a key only."
		}
	case "yes":
		v.Status, v.Severity, v.Reason = Fail, High, "Root can log in over SSH with a password."
	default:
		v.Status, v.Reason = Unknown, "The SSH server's setting could not be read."
	}
	return v
}
