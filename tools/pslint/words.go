package main

import (
	"slices"
	"strings"
)

// uses are what calls of a script touch.
type uses struct{ reads, writes []string }

func (u *uses) read(resource string)  { u.reads = append(u.reads, resource) }
func (u *uses) write(resource string) { u.writes = append(u.writes, resource) }

// words say what the prelude's functions touch, by their arguments. A function
// that is not here touches nothing, which its name must show (neutral).
var words = map[string]func(s *script, c *command, u *uses){
	"Add-HostFact":        func(_ *script, _ *command, u *uses) { u.read("host:facts") },
	"Get-HostFact":        func(_ *script, _ *command, u *uses) { u.read("host:facts") },
	"Add-CimFact":         func(s *script, c *command, u *uses) { each(cim(s, c), u.read) },
	"Find-CimInstance":    func(s *script, c *command, u *uses) { each(cim(s, c), u.read) },
	"Read-CimMethod":      func(s *script, c *command, u *uses) { each(cim(s, c), u.read) },
	"Invoke-CimAction":    func(s *script, c *command, u *uses) { each(cim(s, c), u.write) },
	"Add-RegistryFact":    func(s *script, c *command, u *uses) { each(registry(s, c), u.read) },
	"Get-RegistryData":    func(s *script, c *command, u *uses) { each(registry(s, c), u.read) },
	"Set-RegistryDword":   func(s *script, c *command, u *uses) { each(registry(s, c), u.write) },
	"Add-RegistryKeyFact": func(s *script, c *command, u *uses) { each(registry(s, c), u.read) },
	"Test-RegistryKey":    func(s *script, c *command, u *uses) { each(registry(s, c), u.read) },
	"Get-RegistryKeyName": func(s *script, c *command, u *uses) { each(registry(s, c), u.read) },
	"Add-ServiceFact":     func(s *script, c *command, u *uses) { each(prefixed("service:", c.value(s, "Name")), u.read) },
	"Get-ServiceState":    func(s *script, c *command, u *uses) { each(prefixed("service:", c.value(s, "Name")), u.read) },
	"Wait-ServiceState":   func(s *script, c *command, u *uses) { each(prefixed("service:", c.value(s, "Name")), u.read) },
	"Set-ServiceStart":    func(s *script, c *command, u *uses) { each(prefixed("service:", c.value(s, "Name")), u.write) },
	"Find-Event":          func(s *script, c *command, u *uses) { each(prefixed("eventlog:", c.value(s, "LogName")), u.read) },
	"Invoke-Program":      func(s *script, c *command, u *uses) { each(prefixed("command:", c.value(s, "Program")), u.write) },
	"Get-AuditPolicy":     func(_ *script, _ *command, u *uses) { u.read("command:auditpol.exe") },
	"Get-SecurityPolicy":  func(_ *script, _ *command, u *uses) { u.read("command:secedit.exe") },
	"Get-OwnDomainName":   func(_ *script, _ *command, u *uses) { u.read("cim:root/cimv2:Win32_NTDomain") },
	"Get-UpdateSearchAge": func(_ *script, _ *command, u *uses) { u.read("com:Microsoft.Update.AutoUpdate") },
	"Add-ResultantOwner": func(s *script, c *command, u *uses) {
		each(orUnknown("cim:", prefixed("cim:root/rsop/computer:", c.value(s, "ClassName"))), u.read)
	},
	"Add-Owner": func(s *script, c *command, u *uses) {
		if _, there := c.arguments["Path"]; there {
			each(registry(s, c), u.read)
		}
	},
}

// neutral functions of the prelude touch nothing.
var neutral = []string{
	"ConvertTo-JsonText", "Get-ErrorCode", "ConvertTo-FactText", "Add-Fact", "Test-Fact", "Add-Row", "Add-Note",
	"Set-Changed", "Set-RebootNeeded", "Save-State", "Add-CimRow", "Get-Parameter", "Get-Saved",
}

// internal functions are for the prelude itself.
var internal = []string{
	"Open-RegistryKey", "New-ScratchPath", "Remove-ScratchPath", "Get-ShortText", "Add-FactText", "Get-StartAge", "ConvertTo-PartText", "Invoke-OsirisPart", "Invoke-OsirisDocument",
}

func each(list []string, f func(string)) {
	for _, one := range list {
		f(one)
	}
}

func prefixed(kind string, names []string) []string {
	all := make([]string, 0, len(names))
	for _, name := range names {
		all = append(all, kind+name)
	}
	return all
}

func cim(s *script, c *command) []string {
	var all []string
	for _, namespace := range c.value(s, "Namespace") {
		for _, class := range c.value(s, "ClassName") {
			all = append(all, "cim:"+strings.ReplaceAll(namespace, `\`, "/")+":"+class)
		}
	}
	return orUnknown("cim:", all)
}

// registry gives KEY!VALUE; without a value it is the key's existence.
func registry(s *script, c *command) []string {
	names := c.value(s, "Name")
	if names == nil {
		names = []string{""}
	}
	var all []string
	for _, path := range c.value(s, "Path") {
		for _, name := range names {
			all = append(all, "registry:"+strings.Replace(path, `:\`, `\`, 1)+"!"+name)
		}
	}
	return orUnknown("registry:", all)
}

// orUnknown is a resource that no declaration can have, where nothing was found.
func orUnknown(kind string, all []string) []string {
	if len(all) == 0 {
		return []string{kind + unknown}
	}
	return all
}

// touched are the resources of all calls of a script.
func (l *linter) touched(s *script) *uses {
	u := &uses{}
	for _, c := range s.commands {
		if word, ok := words[c.name]; ok {
			word(s, c, u)
			continue
		}
		known, ok := l.table[c.name]
		if !ok {
			continue
		}
		switch known.effect {
		case "read":
			u.read("cmdlet:" + c.name)
		case "write":
			u.write("cmdlet:" + c.name)
		case "service":
			each(orUnknown("service:", prefixed("service:", c.value(s, "Name"))), u.write)
		case "file":
			each(orUnknown("file:", prefixed("file:", c.value(s, "LiteralPath"))), u.read)
		case "delete":
			each(orUnknown("file:", prefixed("file:", c.value(s, "LiteralPath"))), u.write)
		}
		each(prefixed("com:", c.value(s, "ComObject")), u.read)
	}
	for _, list := range []*[]string{&u.reads, &u.writes} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return u
}
