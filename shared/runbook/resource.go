package runbook

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A resource is what a script touches, as KIND:NAME:
//
//	cim:root/StandardCimv2:MSFT_NetFirewallProfile   a class, with '/' in its namespace
//	registry:HKLM\SOFTWARE\...!Value                 a value; "!" alone is the key's existence,
//	                                                 "*" stands for one key or for any value
//	host:facts                                       role, edition and build (host.*)
//	service:Spooler                                  state and start type
//	cmdlet:Get-NetFirewallProfile                    where no finer word exists
//	eventlog:Microsoft-Windows-Backup                a log of events
//	com:Microsoft.Update.Session                     a COM class
//	type:System.Net.Dns                              a .NET class that reaches outside the process
//	command:auditpol.exe                             a program
//	file:/etc/ssh/sshd_config.d/osiris.conf          a file; "*" stands for part of a name
//	sysctl:net.ipv4.tcp_syncookies                   a kernel parameter
//	package:chrony                                   a package of the system's manager
//
// The lint of tools/pslint compares them with a script's syntax tree.
var resourcePatterns = map[string]*regexp.Regexp{
	"cim":      regexp.MustCompile(`\A[A-Za-z0-9_/]+:[A-Za-z0-9_]+\z`),
	"registry": regexp.MustCompile(`\A(HKLM|HKU)\\[^!]*![^!]*\z`),
	"host":     regexp.MustCompile(`\Afacts\z`),
	"service":  regexp.MustCompile(`\A[A-Za-z0-9_.@ -]+\z|\A\*\z`),
	"cmdlet":   regexp.MustCompile(`\A[A-Z][A-Za-z]+-[A-Za-z0-9]+\z`),
	"eventlog": regexp.MustCompile(`\A[A-Za-z0-9 /-]+\z`),
	"com":      regexp.MustCompile(`\A[A-Za-z0-9.]+\z`),
	"type":     regexp.MustCompile(`\A[A-Za-z0-9.]+\z`),
	"command":  regexp.MustCompile(`\A[A-Za-z0-9_.+-]+\z`),
	"file":     regexp.MustCompile(`\A([A-Z]:\\|%[A-Za-z]+%\\|/)[^"<>|\x00-\x1f]*\z`),
	"sysctl":   regexp.MustCompile(`\A[a-z0-9_.*/-]+\z`),
	"package":  regexp.MustCompile(`\A[a-z0-9.+-]+\z`),
}

// checkResources tells what is wrong with a list of resources.
func checkResources(list []string) error {
	for i, resource := range list {
		kind, name, _ := strings.Cut(resource, ":")
		pattern, ok := resourcePatterns[kind]
		if !ok || !pattern.MatchString(name) {
			return fmt.Errorf("resource %.128q is not KIND:NAME", resource)
		}
		if slices.Contains(list[:i], resource) {
			return fmt.Errorf("resource %.128q is there twice", resource)
		}
	}
	return nil
}
