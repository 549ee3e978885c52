package check

import (
	"strconv"
	"strings"
)

// SysctlFileSuffix makes the name of the fact that says which file set a key:
// "kernel.kptr_restrict.file". The key itself is a fact with the value. A key
// that no file sets has neither.
const SysctlFileSuffix = ".file"

func sysctlHardening() definition {
	d := definition{
		id: SysctlHardening, judge: judgeSysctl,
		parameters: []Parameter{
			{"kernel.dmesg_restrict", "=1"},
			{"kernel.kptr_restrict", ">=1"},
			{"kernel.randomize_va_space", "=2"},
			{"net.ipv4.conf.all.accept_redirects", "=0"},
			{"net.ipv4.conf.all.rp_filter", ">=1"},
			{"net.ipv4.tcp_syncookies", "=1"},
		},
	}
	for _, p := range d.parameters {
		d.facts = append(d.facts, p.Name, p.Name+SysctlFileSuffix)
	}
	return d
}

// judgeSysctl compares what the files configure, not the running kernel: a
// change by hand lasts until the next boot, a file for good. A parameter is
// "=N", ">=N" or "any".
func judgeSysctl(d definition, f Facts, p Parameters) Verdict {
	v := Verdict{Status: Pass, Actual: "as expected", Reason: "All kernel settings are hardened."}
	var expected, actual, reason []string
	for _, param := range d.parameters {
		want, least := sysctlRequirement(d, p, param.Name)
		if want == "" {
			continue
		}
		operator := "="
		if least {
			operator = ">="
		}
		expected = append(expected, param.Name+operator+want)
		have, set := f.Get(param.Name)
		if set && sysctlMeets(have, want, least) {
			continue
		}
		v.Status, v.Severity = Fail, Medium
		if !set {
			actual = append(actual, param.Name+" not set")
			reason = append(reason, "no file sets "+param.Name)
			continue
		}
		file, _ := f.Get(param.Name + SysctlFileSuffix)
		actual = append(actual, param.Name+"="+have)
		reason = append(reason, file+" sets "+param.Name+" to "+have)
	}
	v.Expected = strings.Join(expected, " ")
	if v.Status == Fail {
		v.Actual = strings.Join(actual, ", ")
		v.Reason = "Kernel settings are not hardened: " + strings.Join(reason, ", ") + "."
	}
	return v
}

func sysctlRequirement(d definition, p Parameters, key string) (want string, least bool) {
	text := d.get(p, key)
	if text == "any" {
		return "", false
	}
	want, least, ok := parseRequirement(text)
	if !ok {
		want, least, _ = parseRequirement(d.get(nil, key))
	}
	return want, least
}

// Setting is a kernel setting as a file of sysctl.d spells it.
type Setting struct{ Key, Value string }

// SysctlSettings are the settings that satisfy the judge, for whoever writes
// them; sorted by key.
func SysctlSettings(p Parameters) []Setting {
	d := sysctlHardening()
	var settings []Setting
	for _, param := range d.parameters {
		if want, _ := sysctlRequirement(d, p, param.Name); want != "" {
			settings = append(settings, Setting{param.Name, want})
		}
	}
	return settings
}

func parseRequirement(text string) (want string, least, ok bool) {
	want, least = strings.CutPrefix(text, ">=")
	if !least {
		want, ok = strings.CutPrefix(text, "=")
		if !ok {
			return "", false, false
		}
	}
	_, err := strconv.ParseUint(want, 10, 31)
	return want, least, err == nil
}

func sysctlMeets(have, want string, least bool) bool {
	h, err1 := strconv.ParseInt(have, 10, 32)
	w, err2 := strconv.ParseInt(want, 10, 32)
	if err1 != nil || err2 != nil {
		return false
	}
	return h == w || (least && h > w)
}
