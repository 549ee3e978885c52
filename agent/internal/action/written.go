package action

import (
	"fmt"
	"strings"

	"github.com/osiriscare/osiris/shared/check"
)

// cleanPatterns are the names of temporary files.
var cleanPatterns = [...]string{"*.tmp", "cab_*"}

// Written lists all that the actions change on Windows, as lines of kind, place
// and name like those of agent/internal/probe/sources.txt; a test compares the
// two. Nothing else asks, so that no agent has it.
func Written() []string {
	var all []string
	add := func(kind, place, name string) { all = append(all, kind+"|"+place+"|"+name) }
	for i := range fixes {
		f, _ := fixes[i].Fix.(*fix)
		for line := range strings.Lines(f.steps) {
			step, _, _ := strings.Cut(strings.TrimSpace(line), "@")
			object := step[1:]
			switch step[0] {
			case 'r', 'l':
				at := strings.LastIndexByte(object, '\\')
				add("set", object[:at], object[at+1:])
			case 's':
				add("service", object, "")
				add("api", "SetServiceStart", "")
			case 'v', 'x', 'u':
				names := object
				if object == "*" {
					names = check.CriticalServiceNames
				}
				for name := range strings.SplitSeq(names, ",") {
					add("service", name, "")
				}
				add("api", "StartService", "")
				add("api", "StopService", "")
			case 'w':
				in := &instances[object[0]-'0']
				place, property := in.namespace+":"+in.class, in.properties[1]
				switch {
				case in.method == "":
					add("put", place, property)
				case in.method[0] == '+':
					add("exec", place, "Enable"+in.method[1:])
					add("exec", place, "Disable"+in.method[1:])
				default:
					add("exec", place, in.method+"."+property)
				}
			case 'g':
				add("api", "DisableAccount", "")
				add("api", "EnableAccount", "")
			case 'a':
				for _, s := range check.AuditSettings(nil) {
					add("audit", fmt.Sprintf("{0CCE92%02X-69AE-11D9-BED3-505054503030}", s.ID), s.Name)
				}
				add("api", "SetAuditSystem", "")
			case 'c':
				for _, pattern := range cleanPatterns {
					add("file", `%SystemRoot%\Temp`, pattern)
				}
			}
		}
	}
	return all
}
