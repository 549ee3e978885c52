//go:build !windows && !darwin && !osiris_agent

package check

// tables has all checks, each part in the order of its ids. Data and not code:
// the agent counts bytes. The parts stand beside their judges. Servers judge for
// every system; they run on Linux. The tag osiris_agent leaves an agent for Linux
// its own (tables_agent.go).
var tables = [...][]definition{everywhere, linuxOnly, windowsOnly, windowsRole, macOnly}

// Which systems' facts are judged. Constants, so that an agent links no judge of
// another system where one check has several.
const judgesWindows, judgesMac, judgesLinux = true, true, true
