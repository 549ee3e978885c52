package probe

import (
	"context"
	"strings"
	"sync"

	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/shared/check"
)

// identitySources name the machine (D16): a line a fact, what may take long last.
const identitySources = "reg|guid|" + `HKLM\SOFTWARE\Microsoft\Cryptography|MachineGuid` + "\n" +
	"api|sid|MachineSID\n" +
	"one|smbios|" + cimv2 + "|Win32_ComputerSystemProduct|UUID\n" +
	"api|object|ComputerObject"

// identities are what identitySources gave, in their order. What is read stays: a
// machine starts anew before any of it changes.
type identities struct {
	_ [0]func() // nobody compares: saves the functions that would, 0.3 KB

	mu    sync.Mutex
	texts [4]string
}

// identify reads what is not known yet. What cannot be read, or has not the form it
// should have, is left to the next time: a machine outside a domain has no
// objectGUID, which is no fault.
func (m *machine) identify(ctx context.Context) (check.Facts, error) {
	for i, line := range strings.Split(identitySources, "\n") {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m.known.mu.Lock()
		known := m.known.texts[i]
		m.known.mu.Unlock()
		var facts check.Facts
		if known != "" || m.readLine(ctx, &facts, line) != nil || len(facts) == 0 {
			continue
		}
		text := facts[0].Value
		if i != 1 {
			text = uuid(text)
		} else if !strings.HasPrefix(text, peopleSIDs[0]) {
			text = ""
		}
		m.known.mu.Lock()
		m.known.texts[i] = text
		m.known.mu.Unlock()
	}
	return nil, nil
}

// tell puts what is known where it belongs.
func (m *machine) tell(h *wire.HostFacts) {
	m.known.mu.Lock()
	t := &m.known.texts
	h.MachineGUID, h.MachineSID, h.SMBIOSUUID, h.ADObjectGUID = t[0], t[1], t[2], t[3]
	m.known.mu.Unlock()
}
