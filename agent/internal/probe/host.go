package probe

import (
	"bufio"
	"io"
	"runtime"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/wire"
)

// Host says what the machine is. What cannot be read stays empty: these are
// hints for people, never an identity (D16).
func (p *Probe) Host(agentVersion string) *wire.HostFacts {
	h := &wire.HostFacts{OS: runtime.GOOS, Arch: runtime.GOARCH, AgentVersion: agentVersion}
	h.Hostname = strings.ToValidUTF8(hostname(), "?")
	p.fillHost(h)
	return h
}

// parseOSRelease reads PRETTY_NAME of os-release(5).
func parseOSRelease(r io.Reader) string {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), "PRETTY_NAME="); ok {
			value = strings.Trim(value, `"'`)
			return strings.ToValidUTF8(value[:min(len(value), 128)], "?")
		}
	}
	return ""
}
