package target_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/directory"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/target"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

func domains(t *testing.T, s *target.Store) []directory.Domain {
	t.Helper()
	all, err := s.Domains(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestDomainsAreTakenWithTheTargets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, end := open(t, path)
	m := answer("one")
	m.DomainTargets = &centralv1.TargetList{Targets: []*centralv1.Target{
		{
			TargetId: "t_1", Name: "clinic", Host: "clinic.lan", Port: 389, Credential: "ldap", ScanWith: "scan", Http: true,
			IncludeOus: []string{"OU=a"}, ExcludeOus: []string{"OU=b"}, ExcludeGroups: []string{"CN=c"},
		},
		{TargetId: "t_2", Name: "other", Host: "dc1.other.lan", Domain: "other.lan", Credential: "ldap"},
	}}
	if changed, err := s.Take(t.Context(), m); !changed || err != nil {
		t.Fatalf("Take = %t, %v", changed, err)
	}
	end()
	s, end = open(t, path)
	defer end()
	want := []directory.Domain{
		{
			ID: "t_1", Name: "clinic", Domain: "clinic.lan", Port: 389, Credential: "ldap", ScanWith: "scan", HTTP: true,
			Include: []string{"OU=a"}, Exclude: []string{"OU=b"}, ExcludeGroups: []string{"CN=c"},
		},
		{ID: "t_2", Name: "other", Domain: "other.lan", Server: "dc1.other.lan", Credential: "ldap"},
	}
	got := domains(t, s)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after a restart the domains differ (-want +got):\n%s", diff)
	}
	if len(list(t, s)) != 0 || got[0].Host() != "clinic.lan" || got[1].Host() != "dc1.other.lan" {
		t.Errorf("targets %v, hosts %s and %s", list(t, s), got[0].Host(), got[1].Host())
	}
	// A Central that knows no domains says nothing of them: there are none.
	if changed, err := s.Take(t.Context(), answer("two")); !changed || err != nil || len(domains(t, s)) != 0 {
		t.Errorf("Take without domains = %t, %v and leaves %v", changed, err, domains(t, s))
	}
}

func TestADomainThatIsWrongRefusesTheList(t *testing.T) {
	s, end := open(t, filepath.Join(t.TempDir(), "state.db"))
	defer end()
	for name, d := range map[string]*centralv1.Target{
		"no credential":     {TargetId: "t_1", Host: "clinic.lan"},
		"a target's id":     {TargetId: "t_9", Host: "clinic.lan", Credential: "ldap"},
		"half a pin":        {TargetId: "t_1", Host: "clinic.lan", Credential: "ldap", Pin: []byte{1}},
		"names without end": {TargetId: "t_1", Host: "clinic.lan", Credential: "ldap", ExcludeOus: make([]string, 1001)},
	} {
		m := answer("bad")
		m.LinuxTargets.Targets = []*centralv1.Target{{TargetId: "t_9", Host: "lin01", Credential: "ssh"}}
		m.DomainTargets = &centralv1.TargetList{Targets: []*centralv1.Target{d}}
		if changed, err := s.Take(t.Context(), m); changed || !errors.Is(err, target.ErrList) || len(domains(t, s)) != 0 {
			t.Errorf("Take with %s = %t, %v; want ErrList", name, changed, err)
		}
	}
}

func TestAListThatWasKeptWithoutDomainsIsAskedForAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	st, err := store.Open(t.Context(), path, target.Schema)
	if err != nil {
		t.Fatal(err)
	}
	// As a program before domains wrote it.
	body, err := proto.Marshal(&centralv1.CheckInResponse{
		WindowsTargets: &centralv1.TargetList{}, WorkstationTargets: &centralv1.TargetList{},
		LinuxTargets: &centralv1.TargetList{Targets: []*centralv1.Target{{TargetId: "t_9", Host: "lin01", Credential: "ssh"}}},
	})
	if err == nil {
		err = st.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.ExecContext(t.Context(), "INSERT INTO target_list (one, state, body) VALUES (1, ?, ?)", []byte("one"), body)
			return err
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	s, end := open(t, path)
	defer end()
	m := &centralv1.CheckInRequest{}
	if err := s.Tell(t.Context(), m); err != nil || m.GetTargetsState() != nil || len(list(t, s)) != 1 {
		t.Errorf("it tells %q, %v and has %v; want no state, and the host meanwhile", m.GetTargetsState(), err, list(t, s))
	}
	if changed, err := s.Take(t.Context(), answer("one")); !changed || err != nil {
		t.Errorf("Take of the same state = %t, %v; want that it is taken", changed, err)
	}
}
