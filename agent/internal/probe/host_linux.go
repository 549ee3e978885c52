package probe

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/wire"
)

func (p *Probe) fillHost(h *wire.HostFacts) {
	release, err := p.readFile("etc/os-release")
	if err != nil && !p.live() { // a test root without one: the machine itself
		release, err = New("/").readFile("etc/os-release")
	}
	if err == nil {
		h.OSVersion = parseOSRelease(bytes.NewReader(release))
	}
	// machine-id(5) asks that the id itself is not given to the network.
	if id, err := p.readFile("etc/machine-id"); err == nil {
		sum := sha256.Sum256(append([]byte("osiris machine id\x00"), bytes.TrimSpace(id)...))
		h.MachineGUID = hex.EncodeToString(sum[:16])
	}
	if id, err := p.readFile("sys/class/dmi/id/product_uuid"); err == nil {
		h.SMBIOSUUID = strings.TrimSpace(string(id))
	}
}
