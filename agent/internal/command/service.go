package command

import "time"

// startLimit is how long the system may take to start or stop the agent.
const startLimit = time.Minute

// Commands that install, start and stop the agent itself with systemd. Stopping
// answers when it has stopped.
var (
	UnitReload  = Command{line: systemctl + "daemon-reload", limit: startLimit, bytes: small, root: true}
	UnitEnable  = Command{line: systemctl + "enable" + unit, limit: startLimit, bytes: small, root: true}
	UnitDisable = Command{line: systemctl + "disable --now" + unit, limit: startLimit, bytes: small, root: true}
	UnitStart   = Command{line: systemctl + "start" + unit, limit: startLimit, bytes: small, root: true}
	UnitStop    = Command{line: systemctl + "stop" + unit, limit: startLimit, bytes: small, root: true}
)

// Commands that do so with launchd. DaemonPrint fails when it is not loaded.
var (
	DaemonLoad   = Command{line: "/bin/launchctl bootstrap system /Library/LaunchDaemons/care.osiris.agent.plist", limit: startLimit, bytes: small, root: true}
	DaemonUnload = Command{line: "/bin/launchctl bootout" + daemon, limit: startLimit, bytes: small, root: true}
	DaemonPrint  = Command{line: "/bin/launchctl print" + daemon, limit: quick, bytes: 256 << 10, root: true}
)

const (
	systemctl = "/usr/bin/systemctl "
	unit      = " osiris-agent.service"
	daemon    = " system/care.osiris.agent"
)
