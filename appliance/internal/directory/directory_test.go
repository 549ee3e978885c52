package directory_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/directory"
	"github.com/osiriscare/osiris/appliance/internal/discover"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/credential"
)

// world is a domain, what Central says of it, and the evidence.
type world struct {
	t    *testing.T
	path string
	st   *store.Store
	book *directory.Book
	dir  *directory.Directory

	mu        sync.Mutex
	domains   []directory.Domain
	version   uint64 // of the credential
	openErr   error
	computers []discover.Computer
	gone      []discover.Gone
	full      bool // what List gives, whatever it is asked
	err       error
	hang      bool
	method    string // of scan
	configs   []discover.Config
	since     []discover.Mark
	proofs    []*bundle.Bundle
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, path: filepath.Join(t.TempDir(), "state.db"), version: 1, full: true, method: "kerberos",
		domains: []directory.Domain{{ID: "t_1", Name: "clinic", Domain: "Clinic.lan", Credential: "ldap", ScanWith: "scan"}},
	}
	w.open()
	return w
}

// open begins as after a restart.
func (w *world) open() {
	w.t.Helper()
	var err error
	if w.st, err = store.Open(w.t.Context(), w.path, directory.Schema); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = w.st.Close() })
	if w.book, err = directory.NewBook(w.t.Context(), w.st); err != nil {
		w.t.Fatal(err)
	}
	w.dir = directory.New(directory.Deps{
		Book: w.book, Targets: w, Credentials: w, Drafts: w.draft, Make: w.make, Log: slog.New(slog.DiscardHandler),
	})
}

func (w *world) reopen() {
	w.t.Helper()
	if err := w.st.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.open()
}

func (w *world) Domains(context.Context) ([]directory.Domain, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.domains), nil
}

func (w *world) Open(_ context.Context, name, host string) (credential.Credential, uint64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if name == "scan" {
		if strings.ToLower(host) != "computer.clinic.lan" {
			w.t.Errorf("credential %s is opened for %s", name, host)
		}
		return credential.Credential{Kind: credential.WindowsPassword, Method: w.method}, 1, nil
	}
	if name != "ldap" || host != "Clinic.lan" && host != "dc1.clinic.lan" {
		w.t.Errorf("credential %s is opened for %s", name, host)
	}
	return credential.Credential{
		Kind: credential.LDAPBind, Method: "simple", User: "osiris", Password: credential.NewSecret("hunter2hunter2"),
	}, w.version, w.openErr
}

func (w *world) draft(_ context.Context, _ *store.Tx, b *bundle.Bundle) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.proofs = append(w.proofs, b)
	return nil
}

func (w *world) make(c discover.Config) (directory.Lister, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.configs = append(w.configs, c)
	return w, nil
}

func (w *world) List(ctx context.Context, since discover.Mark) (discover.Listing, discover.Mark, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since = append(w.since, since)
	if w.hang {
		w.mu.Unlock()
		<-ctx.Done()
		w.mu.Lock()
		return discover.Listing{}, since, fmt.Errorf("%w: %w", discover.ErrTimeout, ctx.Err())
	}
	if w.err != nil {
		return discover.Listing{}, since, w.err
	}
	return discover.Listing{Server: "dc1.clinic.lan", Full: w.full, Computers: w.computers, Gone: w.gone, Others: 3},
		discover.Mark{Server: "dc1.clinic.lan", USN: since.USN + 1, Full: time.Unix(1, 0)}, nil
}

func (w *world) round() error {
	w.t.Helper()
	return w.dir.Round(w.t.Context())
}

func (w *world) must() {
	w.t.Helper()
	if err := w.round(); err != nil {
		w.t.Fatal(err)
	}
}

func guid(n int) discover.GUID {
	return discover.GUID(fmt.Sprintf("00000000-0000-0000-0000-%012d", n))
}

func ws(n int) discover.Computer {
	name := fmt.Sprintf("WS%02d", n)
	return discover.Computer{
		GUID: guid(n), SID: discover.SID(fmt.Sprintf("S-1-5-21-1-2-3-%d", 1000+n)), Name: name, Account: name, DNSName: strings.ToLower(name) + ".clinic.lan",
		OS: "Windows 11 Pro", Kind: discover.Workstation, Enabled: true, LastLogon: time.Unix(1_790_000_000, 0),
	}
}

// states are the computers with a word on each.
func (w *world) states() string {
	var out []string
	for _, c := range w.book.Computers() {
		word := "there"
		switch {
		case c.Gone != "":
			word = string(c.Gone)
		case c.Stale:
			word = "stale"
		}
		out = append(out, c.Name+" "+word)
	}
	return strings.Join(out, ", ")
}

func TestAListingIsKeptAndOutlivesARestart(t *testing.T) {
	w := newWorld(t)
	stale, server := ws(2), ws(3)
	stale.Stale, server.Kind = true, discover.Server
	w.computers = []discover.Computer{ws(1), stale, server}
	w.must()
	w.reopen()
	if got := w.states(); got != "WS01 there, WS02 stale, WS03 there" {
		t.Errorf("after a restart: %s", got)
	}
	s := w.book.Domains()[0]
	if s.Controller != "dc1.clinic.lan" || s.Others != 3 || s.New != 3 || s.Listed.IsZero() || s.Full.IsZero() || s.Domain != "clinic.lan" {
		t.Errorf("the standing is %+v", s)
	}
	w.full, w.computers, w.gone = false, []discover.Computer{ws(4)}, []discover.Gone{{GUID: guid(1), Name: "WS01", Reason: discover.Disabled}}
	w.must()
	if got := w.states(); got != "WS01 disabled, WS02 stale, WS03 there, WS04 there" || w.since[1].USN != 1 {
		t.Errorf("after changes since %+v: %s", w.since[1], got)
	}
	w.full, w.computers, w.gone = true, []discover.Computer{ws(1), ws(4)}, []discover.Gone{{GUID: guid(3), Reason: discover.OutOfScope}, {GUID: guid(9), Reason: discover.OtherOS}}
	w.must()
	if got := w.states(); got != "WS01 there, WS02 missing, WS03 out_of_scope, WS04 there" {
		t.Errorf("after a full listing: %s", got)
	}
	if n := w.book.Counts(); n["computers"] != 2 || n["gone"] != 2 || n["new"] != 0 {
		t.Errorf("counts are %v", n)
	}
}

func TestWhoIsGoneIsForgottenAfterAMonth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.computers = []discover.Computer{ws(1)}
		w.must()
		w.computers = nil
		w.must()
		time.Sleep(29 * 24 * time.Hour)
		w.must()
		if got := w.states(); got != "WS01 missing" {
			t.Errorf("after 29 days: %s", got)
		}
		time.Sleep(24 * time.Hour)
		w.must()
		if got := w.states(); got != "" {
			t.Errorf("after a month: %s", got)
		}
		_ = w.st.Close()
	})
}

func TestAnotherScopeBeginsAgain(t *testing.T) {
	w := newWorld(t)
	w.must()
	w.must()
	w.domains[0].ExcludeGroups = []string{"CN=Left,DC=clinic,DC=lan"}
	w.must()
	if w.since[1].USN != 1 || w.since[2] != (discover.Mark{}) {
		t.Errorf("lists go on from %+v; want the third to begin again", w.since)
	}
	if c := w.configs[2]; c.StartTLS || c.Domain != "Clinic.lan" || c.Server != "" || len(c.ExcludeGroups) != 1 || c.Credential.Password != "hunter2hunter2" {
		t.Errorf("it is asked with %+v", c)
	}
}

func TestAWithdrawnDomainIsForgotten(t *testing.T) {
	w := newWorld(t)
	w.computers = []discover.Computer{ws(1)}
	w.must()
	w.domains = nil
	w.must()
	w.reopen()
	if got := w.states(); got != "" || len(w.book.Domains()) != 0 {
		t.Errorf("it still has %v with %s", w.book.Domains(), got)
	}
}

var errRefused = &discover.Refused{Code: "52e", Hint: "wrong account name or password"}

func TestARefusedCredentialIsNotUsedAgainUntilItIsRotated(t *testing.T) {
	w := newWorld(t)
	w.err = errRefused
	if err := w.round(); !errors.Is(err, discover.ErrCredentials) {
		t.Fatalf("Round = %v; want ErrCredentials", err)
	}
	w.err = nil
	// Another target with the same credential does not try it either.
	w.domains = append(w.domains, directory.Domain{ID: "t_2", Name: "again", Domain: "clinic.lan", Server: "dc1.clinic.lan", Credential: "ldap"})
	for range 3 {
		if err := w.round(); err == nil {
			t.Error("Round = nil; want that it says that the credential is held")
		}
		w.reopen()
	}
	if len(w.since) != 1 {
		t.Errorf("%d tries; want one", len(w.since))
	}
	w.version++
	w.must()
	if len(w.since) != 3 || w.book.Domains()[0].Problem != "" || w.book.Domains()[0].Held != "" {
		t.Errorf("after a rotation: %d tries, %+v", len(w.since), w.book.Domains())
	}
}

func TestARefusalThatMayBeForgedIsLookedAtAgain(t *testing.T) {
	for name, c := range map[string]struct {
		refusal *discover.Refused
		tries   int // in two days of hours
	}{
		"inside TLS":                   {&discover.Refused{Code: "52e"}, 1},
		"by a KDC":                     {&discover.Refused{Code: "KDC_ERR_PREAUTH_FAILED", Forgeable: true}, 2},
		"by a KDC, of what counts not": {&discover.Refused{Code: "KDC_ERR_S_PRINCIPAL_UNKNOWN", Forgeable: true, Harmless: true}, 48},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.err = c.refusal
				for n := range 48 {
					if err := w.round(); err == nil {
						t.Error("Round = nil; want the refusal")
					}
					if n == 10 {
						w.reopen()
					}
					time.Sleep(time.Hour)
				}
				if len(w.since) != c.tries {
					t.Errorf("%d tries in two days; want %d", len(w.since), c.tries)
				}
				time.Sleep(24 * time.Hour)
				w.err = nil
				if err := w.round(); (err == nil) != c.refusal.Forgeable {
					t.Errorf("once it is good: %v", err)
				}
				_ = w.st.Close()
			})
		})
	}
}

func TestWhatIsNewIsTriedAtOnceAndTheRestHourly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.domains = nil
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.dir.Run(ctx) }()
		time.Sleep(time.Hour)
		tries := func(want int, what string) {
			t.Helper()
			time.Sleep(16 * time.Second)
			w.mu.Lock()
			defer w.mu.Unlock()
			if len(w.since) != want {
				t.Errorf("%s: %d tries; want %d", what, len(w.since), want)
			}
		}
		set := func(change func()) {
			w.mu.Lock()
			defer w.mu.Unlock()
			change()
		}
		set(func() {
			w.domains = []directory.Domain{{ID: "t_1", Name: "clinic", Domain: "Clinic.lan", Credential: "ldap"}}
			w.openErr = errors.New("there is no such credential")
		})
		tries(0, "without a credential")
		set(func() { w.openErr = nil })
		tries(1, "once the credential is there")
		tries(1, "later")
		set(func() { w.err = discover.ErrUnreachable; w.domains[0].Pin = [32]byte{1} })
		tries(2, "with another pin")
		tries(2, "after a failure")
		set(func() { w.version++ })
		tries(3, "with another version")
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		_ = w.st.Close()
	})
}

func TestARoundEndsBeforeTheNextIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.hang = true
		began := time.Now()
		_ = w.round()
		if took := time.Since(began); took >= time.Hour {
			t.Errorf("a round takes %s", took)
		}
		_ = w.st.Close()
	})
}

func TestEveryListingIsEvidenceAndAFailureWhenItIsNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for n := range 60 {
			w.computers = append(w.computers, ws(n))
		}
		w.must()
		w.computers[7].OS = "Windows 11 Enterprise"
		w.computers = w.computers[1:]
		w.must()
		w.err = fmt.Errorf("%w: it said \xff hunter2", discover.ErrUnreachable)
		for range 25 { // a day of hours
			_ = w.round()
			time.Sleep(time.Hour)
		}
		w.err = discover.ErrClock
		_ = w.round()
		w.err = nil
		w.must()
		var got []string
		for _, b := range w.proofs {
			got = append(got, b.Outcome)
			if err := b.Phase; err != "DirectoryListing" || b.Kind != bundle.KindObservation || strings.Contains(b.Summary, "hunter2") {
				t.Errorf("a bundle of phase %s: %s", b.Phase, b.Summary)
			}
		}
		if fmt.Sprint(got) != "[none none failed failed failed none]" {
			t.Errorf("evidence is %v; want two listings, the failure, that it lasts a day, another failure, a listing", got)
		}
		first, second := w.proofs[0].PostState, w.proofs[1].PostState
		if first["computers"] != "60" || first["new"] != "60" || first["pass"] != "full" || !strings.Contains(first["new_computers"], "and 10 more") || first["number"] != "1" {
			t.Errorf("the first bundle says %v", first)
		}
		if second["computers"] != "59" || second["new"] != "0" || second["went"] != "1" || second["gone"] != "1" || !strings.Contains(second["gone_computers"], "WS00") {
			t.Errorf("the second bundle says %v", second)
		}
		if s := w.book.Domains()[0]; s.Problem != "" || s.Kind != "" || !s.ProblemSince.IsZero() {
			t.Errorf("the problem is over, and the standing is %+v", s)
		}
		_ = w.st.Close()
	})
}

func TestATableIsBounded(t *testing.T) {
	w := newWorld(t)
	for n := range 20_050 {
		w.computers = append(w.computers, ws(n))
	}
	w.must()
	s := w.book.Domains()[0]
	if got := len(w.book.Computers()); got != 20_000 || !s.Truncated {
		t.Errorf("%d computers, truncated %t; want 20,000 and that it says so", got, s.Truncated)
	}
	if got := w.book.Match(directory.Claim{Hostname: "ws20040"}, time.Now()); got != directory.Unknown {
		t.Errorf("one that is left out is %s; want unknown", got)
	}
}

func TestOnlyComputersThatCanBeToldApartAreScanned(t *testing.T) {
	w := newWorld(t)
	all := make([]discover.Computer, 8)
	for n := range all {
		all[n] = ws(n)
	}
	all[1].Stale = true
	all[2].DNSName = ""
	all[3].DNSName = all[4].DNSName
	all[5].DNSName = "ws05.evil.lan"
	all[6].DNSName = "ws06;calc.clinic.lan"
	w.computers = all
	w.must()
	if got := w.book.Scannable(&w.domains[0]); len(got) != 2 || got[0].Name != "WS00" || got[1].Name != "WS07" {
		t.Errorf("scanned are %v; want WS00 and WS07", got)
	}
	w.domains[0].Exclude = []string{"OU=Desks,DC=clinic,DC=lan"}
	if got := w.book.Scannable(&w.domains[0]); len(got) != 0 {
		t.Errorf("before it is listed without what was excluded, scanned are %v", got)
	}
	w.must()
	if got := w.book.Scannable(&w.domains[0]); len(got) != 2 {
		t.Errorf("afterwards scanned are %v", got)
	}
}
