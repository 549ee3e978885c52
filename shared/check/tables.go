//go:build !osiris_agent

package check

// tables has all checks, each part in the order of its ids. Data and not code:
// the agent counts bytes. The parts stand beside their judges. Servers and
// osirisctl know every system's, wherever they run. The tag osiris_agent, with
// which the agent is released, leaves it its own system's (tables_agent.go).
var tables = [...][]definition{everywhere, linuxOnly, windowsOnly, windowsRole, macOnly, remoteOnly, linuxAccess, linuxUpkeep, networkOnly}

// Which systems' facts are judged. Constants, so that an agent links no judge of
// another system where one check has several.
const judgesWindows, judgesMac, judgesLinux = true, true, true
