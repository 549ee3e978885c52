package check

import "strings"

// Facts of pending_reboot.
const (
	FactRebootRequired  = "reboot_required"  // yes or no: the package manager asks for it
	FactRebootPackages  = "packages"         // which packages ask, separated by spaces
	FactKernelRunning   = "running_kernel"   // as uname -r gives it
	FactKernelInstalled = "installed_kernel" // repeats: one installed kernel each
)

func judgeReboot(d *definition, f Facts, p Parameters, v *Verdict) {
	v.Expected = "none"
	if _, windows := f.Get(FactActiveName); judgesWindows && windows {
		d.rule(rebootRulings, f, p, v)
		return
	}
	if !judgesLinux {
		v.unknown("The reboot markers could not be read.")
		return
	}
	running, _ := f.Get(FactKernelRunning)
	newest := newestKernel(f, running)
	required, _ := f.Get(FactRebootRequired)
	packages, _ := f.Get(FactRebootPackages)
	if packages == "" {
		packages = "installed software"
	}
	switch {
	case required == "yes":
		v.Actual = "reboot required"
		v.fail(Medium, "Updates of "+packages+" take effect after a reboot.")
	case required != "no":
		v.unknown("The reboot marker could not be read.")
	case newest != running:
		v.Actual = "kernel " + newest + " installed, " + running + " running"
		v.fail(Medium, "A newer kernel is installed than the one that runs.")
	default:
		v.Actual = "none"
		v.pass("Nothing waits for a reboot.")
	}
}

// newestKernel is the newest one of the running kernel's flavour: another flavour
// (cloud, rt) is another kernel, not a newer one.
func newestKernel(f Facts, running string) string {
	newest := running
	for _, fact := range f {
		if fact.Name == FactKernelInstalled && running != "" &&
			flavour(fact.Value) == flavour(running) && compareVersions(fact.Value, newest) > 0 {
			newest = fact.Value
		}
	}
	return newest
}

// flavour is what follows the last hyphen when it is a word: "amd64" of
// "6.1.0-28-amd64", nothing of "6.12.3-1".
func flavour(release string) string {
	i := strings.LastIndexByte(release, '-')
	if i < 0 || i+1 == len(release) || isDigit(release[i+1]) {
		return ""
	}
	return release[i+1:]
}

// compareVersions compares runs of digits as numbers and the rest as text.
func compareVersions(a, b string) int {
	for a != "" && b != "" {
		if isDigit(a[0]) && isDigit(b[0]) {
			var na, nb string
			na, a = digits(a)
			nb, b = digits(b)
			if len(na) != len(nb) {
				return len(na) - len(nb)
			}
			if c := strings.Compare(na, nb); c != 0 {
				return c
			}
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

// digits cuts the leading number, without its leading zeros.
func digits(s string) (number, rest string) {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return strings.TrimLeft(s[:n], "0"), s[n:]
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
