package check

import (
	"strconv"
	"strings"
)

// Facts of audit_policy.
const (
	// FactAudit repeats: a row per subcategory of AuditSettings: Name, and Setting
	// with bit 1 success, bit 2 failure, as the computer does now.
	FactAudit = "audit"
	// FactAuditLegacy is 0 where the nine old categories may override.
	FactAuditLegacy = "SCENoApplyLegacyAuditPolicy"
	// FactAuditLogSize is the Security log's own limit in bytes,
	// FactAuditLogPolicy the policy's in KB, which goes first.
	FactAuditLogSize   = "log.MaxSize"
	FactAuditLogPolicy = "policy.MaxSize"
	// FactAuditLogKeep is 0 where old events make room for new ones,
	// FactAuditLogArchive 1 where a full log is set aside instead.
	FactAuditLogKeep    = "log.Retention"
	FactAuditLogArchive = "log.AutoBackupLogFiles"
)

// AuditSetting is an audit subcategory and what it must record.
type AuditSetting struct {
	Name string
	// ID is the xx of its GUID 0CCE92xx-69AE-11D9-BED3-505054503030.
	ID uint8
	// Want has bit 1 for success and bit 2 for failure.
	Want uint8
}

// auditTable has Name and ID in the order of Name; the GUIDs were compared with
// ntsecapi.h as win32metadata has it, with MS-GPAC 2.2.1.2 and with OVAL's
// auditeventpolicysubcategories (2026-11-22).
var auditTable = [...]struct {
	name string
	id   uint8
}{
	{"account_lockout", 0x17},
	{"audit_policy_change", 0x2f},
	{"authentication_policy_change", 0x30},
	{"credential_validation", 0x3f},
	{"logoff", 0x16},
	{"logon", 0x15},
	{"process_creation", 0x2b},
	{"security_group_management", 0x37},
	{"sensitive_privilege_use", 0x28},
	{"user_account_management", 0x35},
}

// Parameters of the same names are 0 (need not record) to 3 (both).
var auditParameters = []Parameter{
	{"account_lockout", "2"},
	{"audit_policy_change", "3"},
	{"authentication_policy_change", "1"},
	{"credential_validation", "3"},
	{"logoff", "1"},
	{"logon", "3"},
	{"process_creation", "1"},
	{"security_group_management", "1"},
	{"sensitive_privilege_use", "3"},
	{"user_account_management", "3"},
	// Windows' own default; a smaller log forgets within hours.
	{"min_log_mb", "20"},
}

var auditFacts = []string{
	factHost, FactOwner, FactAudit,
	FactAuditLegacy, FactAuditLogSize, FactAuditLogPolicy, FactAuditLogKeep, FactAuditLogArchive,
}

// AuditSettings are the subcategories with what the parameters ask of them, for
// those who read and who set them; sorted by name.
func AuditSettings(p Parameters) []AuditSetting { return find(AuditPolicy).auditSettings(p) }

func (d *definition) auditSettings(p Parameters) []AuditSetting {
	var settings []AuditSetting
	for i := range &auditTable {
		s := &auditTable[i]
		want := d.number(p, s.name)
		if want > 3 {
			want = d.number(nil, s.name)
		}
		settings = append(settings, AuditSetting{s.name, s.id, uint8(want)})
	}
	return settings
}

func judgeAudit(d *definition, f Facts, p Parameters, v *Verdict) {
	var expected, actual []string
	for _, s := range d.auditSettings(p) {
		if s.Want == 0 {
			continue
		}
		have, ok := auditBits(f, s.Name)
		if !ok {
			v.Expected = ""
			v.unknown("The audit subcategory " + s.Name + " could not be read.")
			return
		}
		expected = append(expected, s.Name+" "+auditWord(s.Want))
		if have&s.Want != s.Want {
			actual = append(actual, s.Name+" "+auditWord(have))
		}
	}
	v.Expected = strings.Join(expected, ", ")
	if actual != nil {
		v.Actual = strings.Join(actual, ", ")
		v.fail(High, "Events that an investigation needs are not recorded.")
		return
	}
	least := d.number(p, "min_log_mb")
	v.Actual = "as expected"
	switch size, known := auditLogSize(f); {
	case known && size>>20 < least:
		v.Actual = "security log of " + strconv.FormatUint(size>>20, 10) + " MB"
		v.Expected += ", security log of " + strconv.FormatUint(least, 10) + " MB"
		v.fail(Medium, "The security log is too small to keep its events.")
	case f.text(FactAuditLogKeep) == "4294967295" && f.text(FactAuditLogArchive) != "1":
		v.Actual = "security log stops when full"
		v.fail(Medium, "The security log takes no new events once it is full.")
	case f.text(FactAuditLegacy) == "0":
		v.pass("The required events are recorded; an old category policy may undo that.")
	default:
		v.pass("The required events are recorded.")
	}
}

// auditBits are what a subcategory records; 4 stands for an explicit nothing.
func auditBits(f Facts, name string) (bits uint8, ok bool) {
	f.rows(FactAudit, func(r Facts) {
		if n, number := r.count("Setting"); number && r.text("Name") == name {
			bits, ok = uint8(n&3), true
		}
	})
	return bits, ok
}

// auditLogSize is the limit in force; known is false where neither is set.
func auditLogSize(f Facts) (size uint64, known bool) {
	if kb, ok := f.count(FactAuditLogPolicy); ok {
		return kb << 10, true
	}
	return f.count(FactAuditLogSize)
}

// auditWord says what bits mean.
func auditWord(bits uint8) string {
	switch bits {
	case 1:
		return "success"
	case 2:
		return "failure"
	case 3:
		return "success and failure"
	}
	return "none"
}
