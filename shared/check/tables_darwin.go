//go:build osiris_agent

package check

// tables has the checks of this system, each part in the order of its ids: only
// the agent runs here, and each judge it links costs it a kilobyte.
var tables = [...][]definition{everywhere, macOnly}

// Which systems' facts are judged; see tables.go.
const judgesWindows, judgesMac, judgesLinux = false, true, false
