package service

import "strings"

// SystemdUnit is the text of the unit that runs the program with these arguments.
// Healing writes where a setting lives, /etc and /proc/sys among them, and time
// synchronisation sets the clock: these stay open.
func SystemdUnit(program string, args ...string) string {
	return `[Unit]
Description=` + title + `
Documentation=https://github.com/osiriscare/osiris
Wants=network-online.target ` + watchUnit + `
After=network-online.target
# An agent that gave up would watch nothing, however often it fell.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=` + commandLine(program, args) + `
Restart=always
RestartSec=5
TimeoutStopSec=30
# The program that watches over an update must outlive the service.
KillMode=process
UMask=0077
NoNewPrivileges=yes
ProtectHome=read-only
PrivateTmp=yes
ProtectControlGroups=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectHostname=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target
`
}

// SystemdWatch is the text of the unit that runs the program, which is there
// during an update only. The agent's unit wants it, so it starts at boot and
// whenever systemd starts the agent again; one that is not needed ends at once.
func SystemdWatch(program string, args ...string) string {
	return `[Unit]
Description=` + watchTitle + `
Documentation=https://github.com/osiriscare/osiris
ConditionPathExists=` + strings.ReplaceAll(program, "%", "%%") + `
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=` + commandLine(program, args) + `
# It starts the agent's unit, and nothing of that ends with it.
KillMode=process
UMask=0077
NoNewPrivileges=yes
`
}

// commandLine quotes as systemd.syntax(7) and systemd.service(5) say: % means
// something else to systemd, and so does $ after the program.
func commandLine(program string, args []string) string {
	line := quoted(program)
	for _, a := range args {
		line += " " + quoted(strings.ReplaceAll(a, "$", "$$"))
	}
	return line
}

func quoted(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, `\`, `\\`), `"`, `\"`)
	return `"` + strings.ReplaceAll(text, "%", "%%") + `"`
}
