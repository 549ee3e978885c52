package directory_test

import (
	"context"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/directory"
	"github.com/osiriscare/osiris/appliance/internal/discover"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

func TestCentralGetsTheReportThatItAsksFor(t *testing.T) {
	w := newWorld(t)
	who := "scan"
	r := directory.NewReport(w.book, func(context.Context) (func(*directory.Computer) string, error) {
		return func(*directory.Computer) string { return who }, nil
	})
	tell := func() *centralv1.CheckInRequest {
		t.Helper()
		m := &centralv1.CheckInRequest{}
		if err := r.Tell(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	if m := tell(); m.GetDirectoryState() != nil || m.GetDirectory() != nil {
		t.Errorf("without a domain it tells %v", m)
	}
	w.computers = []discover.Computer{ws(1)}
	w.must()
	first := tell()
	if len(first.GetDirectoryState()) != 32 || first.GetDirectory() != nil {
		t.Errorf("it tells %v; want a state alone", first)
	}
	for n, changed := range []bool{true, false} {
		if got, err := r.Take(t.Context(), &centralv1.CheckInResponse{DirectoryWanted: true}); got != changed || err != nil {
			t.Errorf("answer %d that asks = %t, %v; want %t", n, got, err, changed)
		}
	}
	m := tell()
	c := m.GetDirectory().GetComputers()
	if len(c) != 1 || c[0].GetWatched() != "scan" || c[0].GetObjectGuid() != string(guid(1)) || c[0].GetFirstSeenMs() == 0 || string(m.GetDirectoryState()) != string(first.GetDirectoryState()) {
		t.Errorf("it tells %v", m)
	}
	if got, _ := r.Take(t.Context(), &centralv1.CheckInResponse{}); got || tell().GetDirectory() != nil {
		t.Error("it tells again what Central has")
	}
	who = ""
	if string(tell().GetDirectoryState()) == string(first.GetDirectoryState()) {
		t.Error("another report has the same state")
	}
	if _, err := proto.Marshal(m); err != nil {
		t.Error(err)
	}
}

func TestAReportSurvivesWhatAControllerWrites(t *testing.T) {
	w := newWorld(t)
	w.err = &discover.Untrusted{Err: errBytes{}}
	_ = w.round()
	r := directory.NewReport(w.book, func(context.Context) (func(*directory.Computer) string, error) {
		return func(*directory.Computer) string { return "" }, nil
	})
	m := &centralv1.CheckInRequest{}
	if err := r.Tell(t.Context(), m); err != nil || len(m.GetDirectoryState()) == 0 {
		t.Errorf("Tell = %v; want that it tells", err)
	}
}

// errBytes is an error that is no text.
type errBytes struct{}

func (errBytes) Error() string { return "\xff\xfe" }
