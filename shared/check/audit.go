package check

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
	_    [0]func() // no comparison: the compiler would write one, 400 bytes
	Name string
	// ID is the xx of its GUID 0CCE92xx-69AE-11D9-BED3-505054503030.
	ID uint8
	// Want has bit 1 for success and bit 2 for failure.
	Want uint8
}

// auditIDs are the IDs of the first parameters. The GUIDs were compared with
// ntsecapi.h as win32metadata has it, with MS-GPAC 2.2.1.2 and with OVAL's
// auditeventpolicysubcategories (2026-11-22).
const auditIDs = "\x17\x2f\x30\x3f\x16\x15\x2b\x37\x28\x35"

// Parameters named like subcategories are 0 (need not record) to 3 (both).
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

// AuditSettings are the subcategories with what the parameters ask of them, for
// those who read and who set them; sorted by name.
func AuditSettings(p Parameters) []AuditSetting { return find(AuditPolicy).auditSettings(p) }

func (d *definition) auditSettings(p Parameters) []AuditSetting {
	settings := make([]AuditSetting, min(len(auditIDs), len(d.parameters))) // none on other systems
	for i := range settings {
		name := d.parameters[i].Name
		want := d.number(p, name)
		if want > 3 {
			want = d.number(nil, name)
		}
		settings[i] = AuditSetting{Name: name, ID: auditIDs[i], Want: uint8(want)}
	}
	return settings
}

// auditWords say what bits mean.
var auditWords = [...]string{" none", " success", " failure", " success and failure"}

func judgeAudit(d *definition, f Facts, p Parameters, v *Verdict) {
	v.Expected = "recorded"
	missing, wanted := "", ""
	for _, s := range d.auditSettings(p) {
		have, ok := f.named(FactAudit, s.Name).count("Setting")
		if !ok && s.Want != 0 {
			v.end("U||The audit subcategory % could not be read.", s.Name)
			return
		}
		if uint8(have)&s.Want != s.Want {
			missing = join(missing, s.Name+auditWords[have&3]) // 4 is an explicit nothing
			wanted = join(wanted, s.Name+auditWords[s.Want])
		}
	}
	least := d.number(p, "min_log_mb")
	size, known := f.count(FactAuditLogPolicy)
	if size >>= 10; !known {
		size, known = f.count(FactAuditLogSize)
		size >>= 20
	}
	ending := "P|recorded|The required events are recorded."
	switch {
	case missing != "":
		v.Expected = wanted
		ending = "H|%|Events that an investigation needs are not recorded."
	case !known && least != 0:
		ending = "U||The size of the security log could not be read."
	case size < least:
		missing, v.Expected = decimal(size), "at least "+decimal(least)+" MB"
		ending = "M|security log of % MB|The security log is too small to keep its events."
	case or(f.text(FactAuditLogKeep), "0") != "0" && f.text(FactAuditLogArchive) != "1":
		ending = "M|security log stops when full|The security log takes no new events once it is full."
	case f.text(FactAuditLegacy) == "0":
		ending = "P|recorded|The required events are recorded; an old category policy may undo that."
	}
	v.end(ending, missing)
}
