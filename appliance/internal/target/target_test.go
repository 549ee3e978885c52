package target_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/target"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

func open(t *testing.T, path string) (*target.Store, func()) {
	t.Helper()
	st, err := store.Open(t.Context(), path, target.Schema)
	if err != nil {
		t.Fatal(err)
	}
	s, err := target.New(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	return s, func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
}

func answer(state string) *centralv1.CheckInResponse {
	return &centralv1.CheckInResponse{
		TargetsState: []byte(state), WindowsTargets: &centralv1.TargetList{}, LinuxTargets: &centralv1.TargetList{}, WorkstationTargets: &centralv1.TargetList{},
	}
}

func list(t *testing.T, s *target.Store) []target.Target {
	t.Helper()
	all, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAListReplacesTheOneBeforeAndOutlivesARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, end := open(t, path)
	m := answer("one")
	pin := bytes.Repeat([]byte{7}, 32)
	m.WindowsTargets.Targets = []*centralv1.Target{{
		TargetId: "t_1", Name: "srv01", Host: "srv01.clinic.lan", Port: 15986, TlsName: "srv01", Http: true, AllowBasic: true, AllowPlain: true,
		Pin: pin, Credential: "clinic", ObjectGuid: "g", Lab: true,
	}}
	m.LinuxTargets.Targets = []*centralv1.Target{{TargetId: "t_2", Name: "lin01", Host: "10.0.0.5", Credential: "ssh"}}
	m.WorkstationTargets.Targets = []*centralv1.Target{{TargetId: "t_3", Name: "ws01", Host: "ws01", Credential: "clinic"}}
	if changed, err := s.Take(t.Context(), m); !changed || err != nil {
		t.Fatalf("Take = %t, %v", changed, err)
	}
	if changed, err := s.Take(t.Context(), m); changed || err != nil {
		t.Errorf("Take of the same = %t, %v; want no change", changed, err)
	}
	end()
	s, end = open(t, path)
	defer end()
	want := []target.Target{
		{
			ID: "t_1", Name: "srv01", Kind: target.Windows, Host: "srv01.clinic.lan", Port: 15986, TLSName: "srv01", HTTP: true, AllowBasic: true,
			AllowPlain: true, Pin: [32]byte(pin), Credential: "clinic", ObjectGUID: "g", Lab: true,
		},
		{ID: "t_2", Name: "lin01", Kind: target.Linux, Host: "10.0.0.5", Credential: "ssh"},
		{ID: "t_3", Name: "ws01", Kind: target.Workstation, Host: "ws01", Credential: "clinic"},
	}
	if diff := cmp.Diff(want, list(t, s)); diff != "" {
		t.Errorf("after a restart the list differs (-want +got):\n%s", diff)
	}
	asked := &centralv1.CheckInRequest{}
	if err := s.Tell(t.Context(), asked); err != nil || string(asked.GetTargetsState()) != "one" {
		t.Errorf("it tells %q, %v; want one", asked.GetTargetsState(), err)
	}
}

func TestAnEmptyListMeansEmptyAndAMissingOneNothing(t *testing.T) {
	s, end := open(t, filepath.Join(t.TempDir(), "state.db"))
	defer end()
	m := answer("one")
	m.LinuxTargets.Targets = []*centralv1.Target{{TargetId: "t_2", Name: "lin01", Host: "10.0.0.5", Credential: "ssh"}}
	if _, err := s.Take(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	half := answer("half")
	half.LinuxTargets = nil
	for name, m := range map[string]*centralv1.CheckInResponse{"nothing": {}, "two of three lists": half, "no state": {LinuxTargets: &centralv1.TargetList{}}} {
		if changed, err := s.Take(t.Context(), m); changed || err != nil || len(list(t, s)) != 1 {
			t.Errorf("Take of %s = %t, %v and leaves %v; want the list to stay", name, changed, err, list(t, s))
		}
	}
	if changed, err := s.Take(t.Context(), answer("two")); !changed || err != nil || len(list(t, s)) != 0 {
		t.Errorf("Take of empty lists = %t, %v and leaves %v; want none", changed, err, list(t, s))
	}
}

func TestAListWithAnythingWrongIsRefusedWhole(t *testing.T) {
	s, end := open(t, filepath.Join(t.TempDir(), "state.db"))
	defer end()
	good := &centralv1.Target{TargetId: "t_2", Name: "lin01", Host: "10.0.0.5", Credential: "ssh"}
	for name, change := range map[string]func(*centralv1.Target){
		"no id":         func(t *centralv1.Target) { t.TargetId = "" },
		"no host":       func(t *centralv1.Target) { t.Host = "" },
		"no credential": func(t *centralv1.Target) { t.Credential = "" },
		"a port":        func(t *centralv1.Target) { t.Port = 70000 },
		"half a pin":    func(t *centralv1.Target) { t.Pin = []byte{1} },
		"an id twice":   func(t *centralv1.Target) { t.TargetId = "t_2" },
	} {
		bad := proto.CloneOf(good)
		bad.TargetId = "t_3"
		change(bad)
		m := answer("bad")
		m.LinuxTargets.Targets = []*centralv1.Target{good, bad}
		if changed, err := s.Take(t.Context(), m); changed || !errors.Is(err, target.ErrList) || len(list(t, s)) != 0 {
			t.Errorf("Take with %s = %t, %v and leaves %v; want ErrList", name, changed, err, list(t, s))
		}
	}
}
