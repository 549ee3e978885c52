package check

import (
	"strconv"
	"strings"
)

// SysctlFileSuffix makes the name of the fact that says which file set a key:
// "kernel.kptr_restrict.file". The key itself is a fact with the value. A key
// that no file sets has neither.
const SysctlFileSuffix = ".file"

// SysctlRunningSuffix makes the name of the fact with the running kernel's value,
// which scripts give and agents do not.
const SysctlRunningSuffix = ".running"

// Requirements are "=N", ">=N" or "any".
var sysctlParameters = []Parameter{
	{"kernel.dmesg_restrict", "=1"},
	{"kernel.kptr_restrict", ">=1"},
	{"kernel.randomize_va_space", "=2"},
	{"net.ipv4.conf.all.accept_redirects", "=0"},
	{"net.ipv4.conf.all.rp_filter", ">=1"},
	{"net.ipv4.tcp_syncookies", "=1"},
}

// judgeSysctl compares what the files configure: a change by hand lasts until the
// next boot, a file for good. Where the running kernel's values are known too, they
// count as well.
func judgeSysctl(d *definition, f Facts, p Parameters, v *Verdict) {
	var actual, reason []string
	for _, param := range d.parameters {
		want, least := d.requirement(p, param.Name)
		if want == "" {
			continue
		}
		operator := "="
		if least {
			operator = ">="
		}
		if v.Expected != "" {
			v.Expected += " "
		}
		v.Expected += param.Name + operator + want
		have, set := f.Get(param.Name)
		file, _ := f.Get(param.Name + SysctlFileSuffix)
		switch {
		case !set:
			actual = append(actual, param.Name+" not set")
			reason = append(reason, "no file sets "+param.Name)
		case !sysctlMeets(have, want, least):
			actual = append(actual, param.Name+"="+have)
			reason = append(reason, file+" sets "+param.Name+" to "+have)
		case judgesWindows: // not in an agent for Linux, which gives no such fact
			if running, known := f.Get(param.Name + SysctlRunningSuffix); known && !sysctlMeets(running, want, least) {
				actual = append(actual, param.Name+"="+running+" running")
				reason = append(reason, "the running kernel has "+param.Name+"="+running)
			}
		}
	}
	if actual == nil {
		v.Actual = "as expected"
		v.pass("All kernel settings are hardened.")
		return
	}
	v.Actual = strings.Join(actual, ", ")
	v.fail(Medium, "Kernel settings are not hardened: "+strings.Join(reason, ", ")+".")
}

// requirement is the value a key needs, or more when least; want is empty when
// any value will do.
func (d *definition) requirement(p Parameters, key string) (want string, least bool) {
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
	if !judgesLinux {
		return nil
	}
	d := find(SysctlHardening)
	var settings []Setting
	for _, param := range d.parameters {
		if want, _ := d.requirement(p, param.Name); want != "" {
			settings = append(settings, Setting{param.Name, want})
		}
	}
	return settings
}

func parseRequirement(text string) (want string, least, ok bool) {
	want, least = strings.CutPrefix(text, ">=")
	if !least {
		if want, ok = strings.CutPrefix(text, "="); !ok {
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
