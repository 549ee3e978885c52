package probe

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"

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
		h.MachineGUID = hashMachineID(bytes.TrimSpace(id))
	}
	if id, err := p.readFile("sys/class/dmi/id/product_uuid"); err == nil {
		h.SMBIOSUUID = uuid(string(id))
	}
}

// hashMachineID is empty for what is no id: an image that was not started yet says
// "uninitialized" (machine-id(5)), and would be the same machine everywhere.
func hashMachineID(id []byte) string {
	if raw, err := hex.DecodeString(string(id)); err != nil || len(raw) != 16 {
		return ""
	}
	sum := sha256.Sum256(append([]byte("osiris machine id\x00"), id...))
	return hex.EncodeToString(sum[:16])
}
