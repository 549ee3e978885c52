package check

// FactRules is a row of what NetUserModalsGet gives. Of password_policy:
// MinLength, MaxAge, MinAge (seconds), History. Of account_lockout: Threshold, the
// wrong passwords (0 never locks), Duration and Window in seconds. They are the
// domain's on a domain controller and those of local accounts everywhere else.
const FactRules = "rules"

// forever is TIMEQ_FOREVER of lmaccess.h: no limit of time.
const forever = 1<<32 - 1

// A parameter of 0 asks for nothing.
var (
	passwordParameters = []Parameter{
		{"min_length", "14"},  // HIPAA names no number; PCI DSS 4 asks for 12
		{"max_age_days", "0"}, // NIST SP 800-63B advises against forced changes
		{"history", "0"},
	}
	lockoutParameters = []Parameter{
		{"max_threshold", "10"}, // PCI DSS 4: at most 10
		{"min_duration_minutes", "15"},
	}
)

// bounds are the numbers of both policies and what is asked of them.
var bounds = [...]struct {
	id                              ID
	field, parameter, words, reason string
	unit                            uint64 // how many of the field's are one of the parameter's
	most                            bool   // the parameter is the most, not the least
}{
	{PasswordPolicy, "MinLength", "min_length", " characters", "Short passwords are allowed for ", 1, false},
	{PasswordPolicy, "MaxAge", "max_age_days", " days to a change", "Passwords may stay too long for ", 86400, true},
	{PasswordPolicy, "History", "history", " remembered", "Old passwords come back too soon for ", 1, false},
	{AccountLockout, "Threshold", "max_threshold", " wrong passwords", "Too many wrong passwords are allowed for ", 1, true},
	{AccountLockout, "Duration", "min_duration_minutes", " minutes locked", "The lock is lifted too soon for ", 60, false},
}

// judgeRules judges both. Fine-grained policies and those of Entra ID are not in
// the account database, and not judged.
func judgeRules(d *definition, f Facts, p Parameters, v *Verdict) {
	rules, role := f.row(FactRules), roleOf(f)
	whose := "local accounts."
	if role&roleController != 0 {
		whose = "the domain's accounts."
	} else if role&roleDomain != 0 {
		whose = "local accounts; the domain's have their own."
	}
	ending, actual := "", ""
	for i := range &bounds {
		b := &bounds[i]
		if b.id != d.id {
			continue
		}
		have, ok := rules.count(b.field)
		if !ok {
			v.end("U||The policy could not be read.", "")
			return
		}
		if have == 0 && b.field == "Threshold" {
			have = forever
		}
		text := "unlimited"
		if have != forever {
			have /= b.unit
			text = decimal(have)
		}
		actual = join(actual, text+b.words)
		want := d.number(p, b.parameter)
		if want == 0 {
			continue
		}
		word, bad := "at least ", have < want
		if b.most {
			word, bad = "at most ", have > want
		}
		v.Expected = join(v.Expected, word+decimal(want)+b.words)
		if bad && ending == "" {
			ending = "M|%|" + b.reason
		}
	}
	v.end(or(ending, "P|%|The policy is strong enough for ")+whose, actual)
}
