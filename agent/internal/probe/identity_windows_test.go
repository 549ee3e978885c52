package probe

import (
	"strings"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/winapi"
)

// TestTheRunningWindowsSaysWhichMachineItIs runs what fakes cannot: the calls. It
// holds under Wine and on Windows, in a domain and outside one.
func TestTheRunningWindowsSaysWhichMachineItIs(t *testing.T) {
	h := New("/").Host("1.2.3")
	t.Logf("%s in %q: %q, %q, %q, %q", h.Hostname, h.Domain, h.MachineGUID, h.MachineSID, h.SMBIOSUUID, h.ADObjectGUID)
	if h.Hostname == "" || uuid(h.MachineGUID) == "" || !strings.HasPrefix(h.MachineSID, peopleSIDs[0]) || strings.Count(h.MachineSID, "-") != 6 {
		t.Errorf("the machine is %q, GUID %q, SID %q; want all three", h.Hostname, h.MachineGUID, h.MachineSID)
	}
	for name, text := range map[string]string{"SMBIOS UUID": h.SMBIOSUUID, "objectGUID": h.ADObjectGUID} {
		if text != "" && uuid(text) != text {
			t.Errorf("the %s is %q; want none or one in lower case", name, text)
		}
	}
	raw, err := winapi.RegRead(`HKLM\SOFTWARE\Microsoft\Cryptography`, "MachineGuid")
	if err != nil || !strings.EqualFold(raw.Text, h.MachineGUID) {
		t.Errorf("the registry says %q (%v), the probe %q", raw.Text, err, h.MachineGUID)
	}
}
