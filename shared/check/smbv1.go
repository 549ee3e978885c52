package check

// Facts of smbv1, beside the host's and FactService (LanmanServer, mrxsmb10).
const (
	FactSMBServer  = "server"  // a row: EnableSMB1Protocol, while the server runs
	FactSMB1       = "SMB1"    // the registry's value; absent means the default of Windows
	FactSMBFeature = "feature" // a row for each: Name, InstallState (1 on, 2 off, 3 absent)
)

// judgeSMBv1: neither the server nor the client speaks version 1. The registry's
// missing value means on, unless the feature is not there: that is how Windows
// comes since build 16299.
func judgeSMBv1(_ *definition, f Facts, _ Parameters, v *Verdict) {
	v.Expected = "off"
	server := f.row(FactSMBServer).text("EnableSMB1Protocol")
	value, present := f.Get(FactSMB1)
	installed := featureState(f)
	client := f.named(FactService, "mrxsmb10")
	build, known := parseNumber(f.text(FactBuild))
	switch {
	case server == "true":
		v.end("C|server on|The server speaks SMB version 1.", "")
	case server == "" && installed != "off" && value != "" && value != "0":
		v.end("C|server switched on, not running|SMB version 1 is switched on for the server.", "")
	case server == "" && installed != "off" && !present && known && build < 16299 && f.text(FactSMBServer+ErrorSuffix) != "":
		v.end("H|server not switched off|This build of Windows has SMB version 1 on unless it is switched off.", "")
	case client != nil && client.text("Start") != startDisabled:
		v.end("H|client on|The client speaks SMB version 1.", "")
	case server == "false" || installed == "off":
		v.end("P|off|Nothing speaks SMB version 1.", "")
	default:
		v.end("U||The SMB server's setting could not be read.", "")
	}
}

// featureState is on, off, or nothing when Windows did not say.
func featureState(f Facts) (state string) {
	var r Facts
	for i := 0; f.next(FactSMBFeature, &i, &r); {
		switch r.text("InstallState") {
		case "1":
			state = "on"
		case "2", "3":
			state = or(state, "off")
		}
	}
	return state
}
