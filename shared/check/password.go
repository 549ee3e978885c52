package check

import "strconv"

// FactPasswordRules is a row of what NetUserModalsGet gives: MinLength, MaxAge,
// MinAge (seconds) and History. They are the domain's on a domain controller and
// those of local accounts everywhere else.
const FactPasswordRules = "password_rules"

// forever is TIMEQ_FOREVER of lmaccess.h: no limit of time.
const forever = 1<<32 - 1

const secondsPerDay = 24 * 60 * 60

var passwordParameters = []Parameter{
	// HIPAA names no number; PCI DSS 4 asks for 12.
	{"min_length", "14"},
	// 0 asks for nothing: NIST SP 800-63B advises against forced changes.
	{"max_age_days", "0"},
	{"history", "0"},
}

func judgePassword(d *definition, f Facts, p Parameters, v *Verdict) {
	least, days, history := d.number(p, "min_length"), d.number(p, "max_age_days"), d.number(p, "history")
	v.Expected = "at least " + strconv.FormatUint(least, 10) + " characters"
	if days > 0 {
		v.Expected += ", changed within " + strconv.FormatUint(days, 10) + " days"
	}
	if history > 0 {
		v.Expected += ", not one of the last " + strconv.FormatUint(history, 10)
	}
	rules := row(f.text(FactPasswordRules))
	length, ok := rules.count("MinLength")
	age, ok2 := rules.count("MaxAge")
	kept, ok3 := rules.count("History")
	if !ok || !ok2 || !ok3 {
		v.unknown("The password policy could not be read.")
		return
	}
	v.Actual = strconv.FormatUint(length, 10) + " characters, "
	if age == forever {
		v.Actual += "no change asked"
	} else {
		v.Actual += "changed within " + strconv.FormatUint(age/secondsPerDay, 10) + " days"
	}
	v.Actual += ", last " + strconv.FormatUint(kept, 10) + " remembered"
	whose := accountsOf(f)
	switch {
	case length < least:
		v.fail(Medium, "Short passwords are allowed for "+whose+".")
	case days > 0 && age > days*secondsPerDay:
		v.fail(Medium, "Passwords may stay too long for "+whose+".")
	case kept < history:
		v.fail(Medium, "Old passwords come back too soon for "+whose+".")
	default:
		v.pass("The password policy is strong enough for " + whose + ".")
	}
}

// accountsOf says whom a policy of the account database governs. Fine-grained
// policies and Entra ID have rules of their own, which are not in it.
func accountsOf(f Facts) string {
	switch role := f.text(FactDomainRole); {
	case isDC(role):
		return "the domain's accounts"
	case inDomain(role):
		return "local accounts; the domain's have their own"
	}
	return "local accounts"
}

// count is a fact that is a number from 0.
func (f Facts) count(name string) (uint64, bool) {
	n, err := strconv.ParseUint(f.text(name), 10, 63)
	return n, err == nil
}
