//go:build osiris_agent && !windows && !darwin

package check

// tables has what an agent judges on Linux, each part in the order of its ids.
// Without the tag it is 57 KB larger (linux/amd64, 2026-11-22).
var tables = [...][]definition{everywhere, linuxOnly}

// Which systems' facts are judged; see tables.go.
const judgesWindows, judgesMac, judgesLinux = false, false, true
