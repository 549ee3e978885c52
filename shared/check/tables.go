//go:build !windows && !darwin

package check

// tables has all checks, each part in the order of its ids. Data and not code:
// the agent counts bytes. The parts stand beside their judges. Servers judge for
// every system; they run on Linux.
var tables = [...][]definition{everywhere, linuxOnly, windowsOnly, windowsRole, macOnly}
