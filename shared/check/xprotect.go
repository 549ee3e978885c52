package check

// Facts of xprotect.
const (
	FactXProtectVersion = "version"           // of the malware rules
	FactXProtectAge     = "age_days"          // since these rules were installed
	FactConfigData      = "ConfigDataInstall" // 0: rules are not updated; absent: macOS updates them
	FactMalwareProduct  = "product"           // repeats: another protection whose service is loaded
)

var (
	xprotectFacts = []string{FactXProtectVersion, FactXProtectAge, FactConfigData, FactServicesListed, FactMalwareProduct}
	// Apple has released rules about weekly since 2025. With require_product = yes
	// the protection that is built in does not suffice.
	xprotectParameters = []Parameter{{"max_age_days", "45"}, {"require_product", "no"}}
)

// judgeXProtect leaves the version out of the actual value: it changes every
// week, and each change would be reported.
func judgeXProtect(d *definition, f Facts, p Parameters, v *Verdict) {
	v.Expected = "rules at most " + d.get(p, "max_age_days") + " days old, and updated"
	required := d.get(p, "require_product") == "yes"
	if required {
		v.Expected += "; another protection as well"
	}
	products, _ := f.against(FactMalwareProduct, "any")
	version, age := f.text(FactXProtectVersion), f.text(FactXProtectAge)
	days, known := parseNumber(age)
	v.Actual = products
	switch {
	case isOff(f.text(FactConfigData)):
		v.Actual = "updates are off"
		v.fail(High, "The updates of XProtect are switched off.")
	case required && !f.has(FactServicesListed, "yes"):
		v.unknown("The services that run could not be listed.")
	case required && products == "":
		v.Actual = "XProtect only"
		v.fail(High, "No malware protection runs but the one that is built in.")
	case version == "" || !known:
		v.unknown("Version and date of XProtect's rules could not be read.")
	case days > d.number(p, "max_age_days"):
		v.Actual = "rules out of date"
		v.fail(Medium, "XProtect has version "+version+" of its rules, installed "+age+" days ago.")
	default:
		v.Actual = "XProtect up to date"
		if products != "" {
			v.Actual = join(v.Actual, products)
		}
		v.pass("The malware rules are up to date.")
	}
}
