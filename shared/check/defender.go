package check

import "strings"

// Facts of defender, beside the host's, FactService and FactSecurityProduct.
const (
	FactDefender     = "status" // a row: AntivirusEnabled, RealTimeProtectionEnabled, AntivirusSignatureAge
	FactDefenderMode = "mode"   // a row: AMRunningMode, IsTamperProtected
	FactOtherService = "other"  // a row for each service of another product
)

// defenderGUID is Defender's own entry in the security centre, on every Windows.
const defenderGUID = "{D68DDC3A-831F-4fae-9E44-DA132C1ACF46}"

var defenderParameters = []Parameter{{"max_signature_age_days", "7"}}

// judgeDefender accepts any product that protects: Defender itself, one that the
// security centre of a client Windows knows, or one whose service runs, which is
// all that a server tells.
func judgeDefender(d *definition, f Facts, p Parameters, v *Verdict) {
	days := d.get(p, "max_signature_age_days")
	v.Expected = "real-time protection, signatures at most " + days + " days old"
	status, mode := f.row(FactDefender), f.row(FactDefenderMode).text("AMRunningMode")
	product, old := otherProduct(f)
	realTime := status.text("RealTimeProtectionEnabled")
	stopped, services := notRunning(f)
	switch {
	case status.text("AntivirusEnabled") == "true" && realTime == "true" && !strings.Contains(mode, "Passive"):
		age, ok := parseNumber(status.text("AntivirusSignatureAge"))
		text := "P|Defender on|Microsoft Defender protects in real time."
		if !ok {
			text = "U|Defender on|The age of Defender's signatures could not be read."
		} else if age > d.number(p, "max_signature_age_days") {
			text = "H|Defender on, signatures out of date|Defender's signatures are too old."
		}
		v.end(text, "")
	case product != "":
		v.end("P|%|Another product, %, protects.", product)
	case old != "":
		v.end("H|%, signatures out of date|The signatures of % are too old.", old)
	case hidden(f.text(FactDefender+ErrorSuffix)) && stopped == "" ||
		f.text(FactProductType) == productWorkstation && f.text(FactSecurityProduct+ErrorSuffix) != "" ||
		status == nil && stopped == "" && services > 0 || len(f) == 0:
		v.end("U||What protects against malware could not be read.", "")
	case stopped != "":
		v.end("C|% not running|The service % does not run, and no other product protects.", stopped)
	case status == nil:
		v.end("C|none|No product protects against malware.", "")
	default:
		if mode == "" || mode == "Normal" {
			mode = "real-time protection off"
		}
		v.end("C|%|Defender does not protect in real time, and no other product does.", mode)
	}
}

// hidden tells of an error that leaves something unsaid: other than a missing
// namespace or class, which means a missing product.
func hidden(code string) bool {
	return code != "" && code != codeNamespaceMissing && code != codeInvalidClass
}

// otherProduct names what protects beside Defender; old ones have signatures out
// of date.
func otherProduct(f Facts) (product, old string) {
	var r Facts
	for i := 0; f.next(FactSecurityProduct, &i, &r); {
		bits := productBits(r)
		switch {
		case bits&productIsOn == 0 || strings.EqualFold(r.text("instanceGuid"), defenderGUID):
		case bits&productIsOld != 0:
			old = join(old, r.text("displayName"))
		default:
			product = join(product, r.text("displayName"))
		}
	}
	for i := 0; f.next(FactOtherService, &i, &r); {
		if r.text("State") == serviceRunning {
			product = join(product, r.text("Name"))
		}
	}
	return product, old
}
