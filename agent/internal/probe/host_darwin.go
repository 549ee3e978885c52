package probe

import (
	"syscall"

	"github.com/osiriscare/osiris/proto/compliance/v1/compliancelite"
)

func (p *Probe) fillHost(h *compliancelite.HostFacts) {
	if version, err := syscall.Sysctl("kern.osproductversion"); err == nil {
		h.OsVersion = "macOS " + version
	}
	if id, err := syscall.Sysctl("kern.uuid"); err == nil {
		h.MachineGuid = id
	}
}
