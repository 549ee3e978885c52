package directory_test

import (
	"context"
	"strings"
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
	// That check-in came to nothing: the next goes without, and is answered.
	if tell().GetDirectory() != nil || tell().GetDirectory() == nil || tell().GetDirectory() != nil {
		t.Error("the report is not in every second check-in that is not answered")
	}
	if got, _ := r.Take(t.Context(), &centralv1.CheckInResponse{DirectoryWanted: true}); got || tell().GetDirectory() == nil {
		t.Error("an answer that asks does not bring the report")
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

func TestTheLargestReportFitsIntoACheckIn(t *testing.T) {
	w := newWorld(t)
	for n := range 20_000 {
		c := ws(n)
		c.Name, c.DNSName, c.OS, c.OSVersion = strings.Repeat("n", 256), strings.Repeat("d", 256), strings.Repeat("o", 128), strings.Repeat("v", 128)
		w.computers = append(w.computers, c)
	}
	w.must()
	r := directory.NewReport(w.book, func(context.Context) (func(*directory.Computer) string, error) {
		return func(*directory.Computer) string { return "target" }, nil
	})
	if _, err := r.Take(t.Context(), &centralv1.CheckInResponse{DirectoryWanted: true}); err != nil {
		t.Fatal(err)
	}
	m := &centralv1.CheckInRequest{}
	if err := r.Tell(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	const most = 16 << 20 // Central takes 32 MB
	if n := len(m.GetDirectory().GetComputers()); n != 20_000 || proto.Size(m) > most {
		t.Errorf("a report of %d computers has %d bytes; want at most %d", n, proto.Size(m), most)
	}
}

func TestCentralIsToldThatComputersAreNotScannedWithoutKerberos(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ method, says string }{{"ntlm", "signed in to with Kerberos only"}, {"kerberos", ""}, {"ntlm-spnego", "Kerberos only"}} {
		w.method = c.method
		w.must()
		w.reopen()
		r := directory.NewReport(w.book, func(context.Context) (func(*directory.Computer) string, error) {
			return func(*directory.Computer) string { return "" }, nil
		})
		if _, err := r.Take(t.Context(), &centralv1.CheckInResponse{DirectoryWanted: true}); err != nil {
			t.Fatal(err)
		}
		m := &centralv1.CheckInRequest{}
		if err := r.Tell(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		d := m.GetDirectory().GetDomains()[0]
		if got := d.GetProblem(); !strings.Contains(got, c.says) || (got == "") != (c.says == "") || (d.GetProblemSinceMs() == 0) != (c.says == "") {
			t.Errorf("with %s it tells %q since %d; want %q", c.method, got, d.GetProblemSinceMs(), c.says)
		}
	}
}
