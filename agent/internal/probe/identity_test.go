package probe

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/shared/check"
)

const machineGUIDKey = `HKLM\SOFTWARE\Microsoft\Cryptography|MachineGuid`

// identities of a member of a domain, as Windows gives them.
func memberWindows(t *testing.T) *fakeWindows {
	t.Helper()
	return &fakeWindows{
		t: t, now: "2026-11-22", failures: map[string]winapi.Code{},
		values: check.Facts{{Name: machineGUIDKey, Value: "0D9D3A4C-6B54-4E2A-9AD3-6B1C1F0A9E77"}},
		classes: map[string][]check.Facts{
			`root\cimv2:Win32_ComputerSystemProduct`: {{{Name: "UUID", Value: "4C4C4544-0042-3510-8052-B4C04F564433"}}},
		},
		answers: map[string][]string{
			"MachineSID ":     {"S-1-5-21-1000-2000-3000"},
			"ComputerObject ": {"{4FA050F0-F561-11CF-BDD9-00AA003A77B6}"},
		},
	}
}

func told(t *testing.T, m *machine) []string {
	t.Helper()
	if facts, err := m.identify(context.Background()); facts != nil || err != nil {
		t.Errorf("identify = %v, %v", facts, err)
	}
	var h wire.HostFacts
	m.tell(&h)
	return []string{h.MachineGUID, h.MachineSID, h.SMBIOSUUID, h.ADObjectGUID}
}

func TestAWindowsSaysWhichMachineItIs(t *testing.T) {
	whole := []string{
		"0d9d3a4c-6b54-4e2a-9ad3-6b1c1f0a9e77", "S-1-5-21-1000-2000-3000", "4c4c4544-0042-3510-8052-b4c04f564433",
		"4fa050f0-f561-11cf-bdd9-00aa003a77b6",
	}
	for name, c := range map[string]struct {
		change func(*fakeWindows)
		empty  []int // of whole
	}{
		"all of it": {func(*fakeWindows) {}, nil},
		"a machine outside a domain has no objectGUID": {func(f *fakeWindows) { f.failures["api ComputerObject "] = 1355 }, []int{3}},
		"a registry without the value":                 {func(f *fakeWindows) { f.values = nil }, []int{0}},
		"a WMI that does not answer":                   {func(f *fakeWindows) { f.failures[`wmi root\cimv2:Win32_ComputerSystemProduct`] = winapi.RPCUnavailable }, []int{2}},
		"a product without an instance":                {func(f *fakeWindows) { f.classes[`root\cimv2:Win32_ComputerSystemProduct`] = nil }, []int{2}},
		"a board whose maker set no UUID": {func(f *fakeWindows) {
			f.classes[`root\cimv2:Win32_ComputerSystemProduct`] = []check.Facts{{{Name: "UUID", Value: "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"}}}
		}, []int{2}},
		"a SID of something else":   {func(f *fakeWindows) { f.answers["MachineSID "] = []string{"S-1-5-32"} }, []int{1}},
		"a UUID in the SID's place": {func(f *fakeWindows) { f.answers["MachineSID "] = []string{"{4FA050F0-F561-11CF-BDD9-00AA003A77B6}"} }, []int{1}},
		"a SID in a UUID's place":   {func(f *fakeWindows) { f.answers["ComputerObject "] = []string{"S-1-5-21-1-2-3"} }, []int{3}},
		"an objectGUID that is none": {func(f *fakeWindows) {
			f.answers["ComputerObject "] = []string{"CLINIC\\WS01$"}
		}, []int{3}},
	} {
		f := memberWindows(t)
		c.change(f)
		want := append([]string(nil), whole...)
		for _, i := range c.empty {
			want[i] = ""
		}
		if diff := cmp.Diff(want, told(t, f.machine())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestWhatIsKnownOfTheMachineStaysAndWhatIsNotIsReadAgain(t *testing.T) {
	f := memberWindows(t)
	f.failures["api ComputerObject "] = 1355 // ERROR_NO_SUCH_DOMAIN: no controller answers
	m := f.machine()
	before := told(t, m)
	if before[3] != "" {
		t.Fatalf("there is an objectGUID without a domain controller: %q", before[3])
	}
	delete(f.failures, "api ComputerObject ")
	f.failures["api MachineSID "] = 5
	f.failures["reg "+machineGUIDKey] = 5
	after := told(t, m)
	if after[3] == "" || !cmp.Equal(after[:3], before[:3]) {
		t.Errorf("later the machine is %q; want what it was, %q, with an objectGUID", after, before)
	}
}

// slowDomain answers of its domain once it is let go.
type slowDomain struct {
	*fakeWindows
	asked, answer chan struct{}
}

func (s *slowDomain) api(ctx context.Context, function, argument string) ([]string, error) {
	if function == "ComputerObject" {
		close(s.asked)
		<-s.answer
	}
	return s.fakeWindows.api(ctx, function, argument)
}

func TestADomainControllerThatIsSlowKeepsBackNothingElse(t *testing.T) {
	f := memberWindows(t)
	s := &slowDomain{f, make(chan struct{}), make(chan struct{})}
	m := f.machine()
	m.provider = s
	done := make(chan error)
	go func() {
		_, err := m.identify(context.Background())
		done <- err
	}()
	<-s.asked
	var early, late wire.HostFacts
	m.tell(&early)
	close(s.answer)
	err := <-done
	m.tell(&late)
	if early.MachineSID == "" || early.SMBIOSUUID == "" || early.MachineGUID == "" || early.ADObjectGUID != "" {
		t.Errorf("before the controller answers the machine is %q, %q, %q, %q", early.MachineGUID, early.MachineSID, early.SMBIOSUUID, early.ADObjectGUID)
	}
	if err != nil || late.ADObjectGUID == "" {
		t.Errorf("after it, the objectGUID is %q (%v)", late.ADObjectGUID, err)
	}
}

func TestAnIdentityIsNotReadWhenTheContextHasEnded(t *testing.T) {
	f := memberWindows(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("enough"))
	m := f.machine()
	m.provider = &slowDomain{} // asking it would break the test
	if _, err := m.identify(ctx); err == nil {
		t.Error("identify went on after its context had ended")
	}
}
