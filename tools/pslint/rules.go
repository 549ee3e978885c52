package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/osiriscare/osiris/shared/runbook"
)

// fault is one thing that is wrong with a script.
type fault struct {
	path string
	line int
	says string
}

func (f fault) String() string { return fmt.Sprintf("%s:%d: %s", f.path, f.line, f.says) }

// linter judges scripts of Windows.
type linter struct {
	table   map[string]*cmdlet
	prelude *script
}

// judge is what is wrong with one text.
type judge struct {
	*linter
	text   *runbook.Text
	script *script
	faults []fault
}

func (j *judge) fault(n *node, format string, args ...any) {
	j.faults = append(j.faults, fault{j.text.Path, n.line, fmt.Sprintf(format, args...)})
}

// lint judges a parsed text.
func (l *linter) lint(text *runbook.Text, root *node) []fault {
	j := &judge{linter: l, text: text, script: readScript(root)}
	root.walk(func(n *node) bool {
		if n.broken {
			j.fault(n, "this is not PowerShell: %.60q", n.text)
		}
		return true
	})
	if len(j.faults) > 0 {
		return j.faults
	}
	j.strict()
	for _, c := range j.script.commands {
		j.command(c)
	}
	j.types()
	j.variables()
	for _, n := range root.all("flow_control_statement") {
		if strings.HasPrefix(strings.ToLower(n.text), "exit") && text.Kind != runbook.Bootstrap {
			j.fault(n, "exit would end the parts behind it too")
		}
	}
	if text.Kind != runbook.Bootstrap && text.Kind != runbook.Prelude {
		j.declarations()
	}
	return j.faults
}

const strictMode = "Set-StrictMode -Version 3.0"

// strict wants strict mode before anything else.
func (j *judge) strict() {
	if len(j.script.commands) == 0 || j.script.commands[0].node.text != strictMode || j.script.commands[0].node.line != firstLine(j.script.root) {
		j.fault(j.script.root, "it does not begin with %s", strictMode)
	}
}

// firstLine is where the first statement is.
func firstLine(root *node) int {
	for _, list := range root.named() {
		if list.kind == "statement_list" && len(list.named()) > 0 {
			return list.named()[0].line
		}
	}
	return 0
}

func (j *judge) command(c *command) {
	frame := j.text.Kind == runbook.Bootstrap || j.text.Kind == runbook.Prelude
	if c.invoked != "" {
		if !frame {
			j.fault(c.node, "%s calls what is not known before it runs", c.invoked)
		}
		return
	}
	if c.splat && !frame {
		j.fault(c.node, "a list of arguments hides what %s is called with", c.name)
	}
	own := j.prelude.functions[c.name]
	known := j.table[c.name]
	switch {
	case own != nil:
		if slices.Contains(internal, c.name) && !frame {
			j.fault(c.node, "%s is for the prelude itself", c.name)
		}
		j.parameters(c, own.parameters, nil)
	case known == nil:
		j.fault(c.node, "%s is an alias, a program or not in the table of cmdlets", c.name)
	case known.effect == "frame" && !frame:
		j.fault(c.node, "%s is for the prelude, which has a word for it", c.name)
	default:
		j.parameters(c, known.parameters, commonParameters)
	}
	if c.name == "Invoke-Program" {
		j.program(c)
	}
	if slices.Contains(c.value(j.script, "ErrorAction"), "SilentlyContinue") && !strings.HasPrefix(c.name, "Get-") {
		j.fault(c.node, "%s hides its errors", c.name)
	}
}

// parameters must be written whole and by name.
func (j *judge) parameters(c *command, allowed, common []string) {
	for _, p := range c.parameters {
		if !slices.Contains(allowed, p) && !slices.Contains(common, p) {
			j.fault(c.node, "%s has no parameter -%s", c.name, p)
		}
	}
	if len(c.arguments[""]) > 0 {
		j.fault(c.node, "%s has an argument without its parameter's name", c.name)
	}
}

// programs are those that scripts may run, and what each argument must be like.
// None is run for what it prints, which is in the language of Windows: the word
// drops that. auditpol takes subcategories by GUID only, because it translates
// their names.
var programs = map[string]*regexp.Regexp{
	"auditpol.exe": regexp.MustCompile(`\A(/set|/backup|/file:\*|/subcategory:\{\*\}|/(success|failure):\*)\z`),
	"secedit.exe":  regexp.MustCompile(`\A(/export|/areas|SECURITYPOLICY|/cfg|\*|/quiet)\z`),
	"w32tm.exe":    regexp.MustCompile(`\A(/resync|/rediscover)\z`),
	"shutdown.exe": regexp.MustCompile(`\A(/r|/t|60|/d|p:2:17)\z`),
}

func (j *judge) program(c *command) {
	for _, program := range orUnknown("", c.value(j.script, "Program")) {
		pattern, ok := programs[program]
		if !ok {
			j.fault(c.node, "the program %s is not on the list", program)
			continue
		}
		for _, argument := range c.value(j.script, "ArgumentList") {
			if !pattern.MatchString(argument) {
				j.fault(c.node, "%s is not called with %s", program, argument)
			}
		}
	}
}

// plainTypes reach nothing outside the process.
var plainTypes = []string{
	"array", "bool", "char", "ciminstance", "cultureinfo", "datetime", "enum", "guid", "hashtable", "int", "long", "math", "ordered", "regex",
	"string", "switch", "uint32", "uint64", "System.BitConverter", "System.Collections.IDictionary",
	"System.Collections.Specialized.OrderedDictionary", "System.Collections.ArrayList", "System.DateTimeKind", "System.Diagnostics.Stopwatch",
	"System.Environment", "System.Management.Automation.ErrorRecord",
	// Who the script runs as, of which it reads the SID.
	"System.Security.Principal.WindowsIdentity",
}

// frameTypes are for the bootstrap and the prelude besides.
var frameTypes = []string{
	"Microsoft.Win32.RegistryHive", "Microsoft.Win32.RegistryKey", "Microsoft.Win32.RegistryValueKind", "Microsoft.Win32.RegistryValueOptions",
	"Microsoft.Win32.RegistryView", "System.Console", "System.Diagnostics.Process", "System.IO.Directory", "System.IO.File", "System.IO.Path",
	"System.Security.AccessControl.DirectorySecurity", "scriptblock",
}

// types must be on the lists: .NET does whatever cmdlets do.
func (j *judge) types() {
	frame := j.text.Kind == runbook.Bootstrap || j.text.Kind == runbook.Prelude
	check := func(n *node, name string) {
		name = strings.TrimSuffix(strings.Trim(name, "[]"), "[")
		if !slices.Contains(plainTypes, name) && (!frame || !slices.Contains(frameTypes, name)) {
			j.fault(n, "the type %s is not on the list", name)
		}
	}
	for _, n := range j.script.root.all("type_literal") {
		check(n, n.text)
	}
	for _, c := range j.script.commands {
		for _, name := range c.value(j.script, "TypeName") {
			check(c.node, name)
		}
	}
}

// automatic variables have a meaning of their own.
var automatic = []string{
	"$args", "$error", "$event", "$executioncontext", "$false", "$foreach", "$home", "$host", "$input", "$lastexitcode", "$matches",
	"$myinvocation", "$pid", "$profile", "$psitem", "$pshome", "$pwd", "$sender", "$shellid", "$stacktrace", "$this", "$true", "$_",
}

func (j *judge) variables() {
	set := func(n *node) {
		if slices.Contains(automatic, strings.ToLower(n.text)) || strings.HasPrefix(strings.ToLower(n.text), "$env:") {
			j.fault(n, "%s means something else", n.text)
		}
	}
	for _, n := range j.script.root.all("assignment_expression") {
		if named := n.named(); len(named) > 0 {
			set(named[0].inner())
		}
	}
	for _, n := range j.script.root.all("foreach_statement") {
		for _, c := range n.named() {
			if c.kind == "variable" {
				set(c)
				break
			}
		}
	}
}

// declarations compares what a script touches with what its YAML says.
func (j *judge) declarations() {
	u := j.touched(j.script)
	// A program that is run is declared among the writes, but by words that read.
	if kind := j.text.Kind; (kind == runbook.Facts || kind == runbook.Snapshot) && len(u.writes) > 0 {
		j.fault(j.script.root, "it only reads, and writes %s", strings.Join(u.writes, ", "))
	}
	for _, side := range []struct {
		word           string
		have, declared []string
	}{{"reads", u.reads, j.text.Reads}, {"writes", u.writes, j.text.Writes}} {
		for _, r := range side.have {
			if !slices.Contains(side.declared, r) {
				j.fault(j.script.root, "it %s %s, which is not declared", side.word, r)
			}
		}
		for _, r := range side.declared {
			if !slices.Contains(side.have, r) {
				j.fault(j.script.root, "it declares that it %s %s, and does not", side.word, r)
			}
		}
	}
}
