package check

// FactMacState is what the part's own tool says about it, in the words of the
// rulings. It may repeat: a tool may print that FileVault is on and, in another
// line, that the disk is still being encrypted.
const FactMacState = "state"

// ruling is what one state of a check means. Without a severity it passes.
type ruling struct {
	id                      ID
	state, severity, reason string
}

// rulings stand in the order in which they decide: the first state that a reader
// found, whatever else it found.
var rulings = [...]ruling{
	{FileVault, "decrypting", Critical, "FileVault is being turned off."},
	{FileVault, "encrypting", High, "FileVault is on, but the disk is not encrypted to its end."},
	{FileVault, "deferred", Critical, "FileVault waits for somebody to log out or in; until then the disk is open."},
	{FileVault, "restart needed", Critical, "FileVault waits for a restart."},
	{FileVault, "off", Critical, "FileVault is off: whoever has the disk can read it."},
	{FileVault, "on", "", "FileVault encrypts the disk."},
	{MacFirewall, "off", High, "The application firewall is off."},
	{MacFirewall, "on", "", "The application firewall is on."},
	{MacFirewall, "on, blocks all", "", "The application firewall is on and blocks all incoming connections."},
	{Gatekeeper, "off", High, "Gatekeeper is off: software starts without being assessed."},
	{Gatekeeper, "on", "", "Gatekeeper assesses software before it starts."},
	{SIP, "partly off", High, "System Integrity Protection is partly off."},
	{SIP, "off", High, "System Integrity Protection is off: root may change the system itself."},
	{SIP, "on", "", "System Integrity Protection is on."},
	{TimeSync, "off", Medium, "The clock is not set from the network."},
	{TimeSync, "on", "", "The clock is set from the network."},
}

func judgeState(d *definition, f Facts, _ Parameters, v *Verdict) {
	v.Expected = "on"
	for i := range rulings {
		r := &rulings[i]
		if r.id != d.id || !f.has(FactMacState, r.state) {
			continue
		}
		v.Actual = r.state
		v.pass(r.reason)
		if r.severity != "" {
			v.fail(r.severity, r.reason)
		}
		return
	}
	v.unknown("The state could not be read.")
}

// has tells whether a fact has this value, wherever it repeats.
func (f Facts) has(name, value string) bool {
	for _, fact := range f {
		if fact.Name == name && fact.Value == value {
			return true
		}
	}
	return false
}
