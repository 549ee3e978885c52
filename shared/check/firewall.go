package check

// Facts of firewall.
const (
	FactProfile         = "profile" // a row: Name, Enabled (1 on, 0 off) as all policies together have it
	FactService         = "service" // a row for each service: Name, State (4 runs), Start
	FactSecurityProduct = "product" // a row for each registered security product: displayName, productState
)

// judgeFirewall: all three profiles are on and the service that enforces them
// runs. A product that replaces the firewall switches profiles off rightly, and
// says so to the security centre, which servers do not have.
func judgeFirewall(_ *definition, f Facts, _ Parameters, v *Verdict) {
	v.Expected = "Domain, Private and Public on"
	stopped, services := notRunning(f)
	product := productOn(f)
	off, on := "", 0
	var r Facts
	for i := 0; f.next(FactProfile, &i, &r); {
		switch r.text("Enabled") {
		case "1":
			on++
		case "0":
			off = join(off, r.text("Name"))
		}
	}
	switch {
	case (off != "" || stopped != "") && product != "":
		v.end("P|%|Another product, %, is the firewall.", product)
	case stopped != "":
		v.end("C|% not running|The firewall's service % does not run.", stopped)
	case off != "":
		v.end("C|off: %|The firewall is off for %.", off)
	case on < 3 || services < 2:
		v.end("U||The firewall's profiles could not be read.", "")
	default:
		v.end("P|on|The firewall is on for every network.", "")
	}
}

// notRunning names the services that do not run, and counts all.
func notRunning(f Facts) (names string, count int) {
	var r Facts
	for i := 0; f.next(FactService, &i, &r); count++ {
		if r.text("State") != serviceRunning {
			names = join(names, r.text("Name"))
		}
	}
	return names, count
}

// productOn names the registered products that are on.
func productOn(f Facts) (names string) {
	var r Facts
	for i := 0; f.next(FactSecurityProduct, &i, &r); {
		if productBits(r)&productIsOn != 0 {
			names = join(names, r.text("displayName"))
		}
	}
	return names
}

// join lists names.
func join(list, name string) string {
	if list == "" {
		return name
	}
	return list + ", " + name
}
