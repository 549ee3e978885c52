package probe

import (
	"syscall"

	"github.com/osiriscare/osiris/agent/internal/wire"
)

func (p *Probe) fillHost(h *wire.HostFacts) {
	if version, err := syscall.Sysctl("kern.osproductversion"); err == nil {
		h.OSVersion = "macOS " + version
	}
	if id, err := syscall.Sysctl("kern.uuid"); err == nil {
		h.MachineGUID = id
	}
}
