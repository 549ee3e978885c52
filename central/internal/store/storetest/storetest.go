// Package storetest is what every store must do. Run calls the suite with a
// function that opens an empty store; SQLite passes it today, PostgreSQL will
// have to. Only tests import it.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/osiriscare/osiris/central/internal/store"
)

// Run runs the suite; open gives an empty store that the test closes.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	for name, do := range map[string]func(*testing.T, *store.Store){
		"pages of clients follow names and miss none":           pages,
		"a provisioning code is used once by many at once":      codeOnce,
		"a run of entries is taken once, whole, or not at all":  takeWhole,
		"a bundle id with other content is flagged":             takeDifferent,
		"a record with another bundle id is flagged":            takeRecordTwice,
		"a run that fails half-way leaves nothing":              takeFails,
		"a bundle logged again has one row":                     takeAgain,
		"a log takes nothing once a newer one is open":          takeClosed,
		"a log is opened after the end that was shown":          addLog,
		"document versions cannot be taken twice":               documents,
		"a login code begins one session":                       loginOnce,
		"a session ends":                                        sessions,
		"a check-in replaces what was said of hosts":            checkIn,
		"hosts are known by evidence, by a check-in or by both": hosts,
		"rows of one site are not seen by another":              isolation,
		"the audit log keeps its order":                         audit,
		"targets are kept by site and name":                     targets,
		"a directory is its appliance's newest report":          directories,
		"a credential's version never comes again":              credentials,
		"an order is kept, sent and reported once":              appliancesOrders,
		"rebuild replaces projections or changes nothing":       rebuild,
	} {
		t.Run(name, func(t *testing.T) {
			do(t, open(t))
		})
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// seed makes a client, a site, an appliance and its log.
func seed(t *testing.T, s *store.Store, n byte) (store.Site, store.Appliance, store.Log) {
	t.Helper()
	ctx := t.Context()
	c := store.Client{ID: store.NewClientID(), Name: fmt.Sprintf("client %c", n)}
	ok(t, s.AddClient(ctx, c))
	site := store.Site{ID: store.NewSiteID(), ClientID: c.ID, Name: "site", RootDER: []byte{1}, RootWrapped: []byte{2}}
	ok(t, s.AddSite(ctx, site))
	hash := bytes.Repeat([]byte{n}, 32)
	ok(t, s.AddCode(ctx, store.Code{Hash: hash, SiteID: site.ID, ExpiresMs: 10}))
	a, l := appliance(site.ID, n)
	ok(t, s.UseCode(ctx, hash, a, l))
	return site, a, l
}

func appliance(site store.SiteID, n byte) (store.Appliance, store.Log) {
	key := func(k byte) []byte { return []byte{n, k} }
	a := store.Appliance{
		ID: store.NewApplianceID(), SiteID: site, TLSKey: key(1), CAKey: key(2), CommandKey: key(3), BundleKey: key(4), LogKey: key(5),
		TLSCertificate: key(6), CACertificate: key(7),
	}
	return a, store.Log{Origin: "log/" + string(site), SiteID: site, ApplianceID: a.ID, VKey: "vkey"}
}

// take makes a run of entries from a size on; contents[i] is the bundle's id and
// hash.
func take(site store.SiteID, l store.Log, from uint64, contents ...string) store.Take {
	t := store.Take{Site: site, Origin: l.Origin, FromSize: from}
	for n, c := range contents {
		size := int64(from) + int64(n)
		for range tlog.StoredHashCount(size+1) - tlog.StoredHashCount(size) {
			t.Nodes = append(t.Nodes, tlog.Hash{byte(size)})
		}
		t.Entries = append(t.Entries, store.Entry{
			Origin: l.Origin, Position: from + uint64(n), SiteID: site, BundleID: c[:1], BundleHash: []byte(c), SignatureHash: []byte("s"), Batch: "b",
		})
		t.Evidence = append(t.Evidence, store.Evidence{Kind: "drift", Outcome: "none", HostID: "h", Seq: uint64(size)})
	}
	size := from + uint64(len(contents))
	t.Witness = store.Witnessed{Origin: l.Origin, Size: size, Root: []byte{1}, Chain: []byte{2}, Checkpoint: []byte(fmt.Sprint(size))}
	t.Project = func(ctx context.Context, n int, p *store.Projection) error {
		return p.PutHost(ctx, store.Host{SiteID: site, HostID: "h", EvidenceMs: int64(n)})
	}
	return t
}

func pages(t *testing.T, s *store.Store) {
	var want, got []string
	for n := range 7 {
		name := fmt.Sprintf("client %d", n/2) // names repeat
		ok(t, s.AddClient(t.Context(), store.Client{ID: store.NewClientID(), Name: name}))
		want = append(want, name)
	}
	var name string
	var id store.ClientID
	for {
		page, err := s.Clients(t.Context(), name, id, 2)
		ok(t, err)
		if len(page) == 0 {
			break
		}
		for _, c := range page {
			got = append(got, c.Name)
		}
		name, id = page[len(page)-1].Name, page[len(page)-1].ID
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pages differ (-want +got):\n%s", diff)
	}
}

func codeOnce(t *testing.T, s *store.Store) {
	site, _, _ := seed(t, s, 'a')
	hash := []byte("code")
	ok(t, s.AddCode(t.Context(), store.Code{Hash: hash, SiteID: site.ID, ExpiresMs: 10}))
	var used, refused atomic.Int32
	var group sync.WaitGroup
	for n := range byte(8) {
		group.Go(func() {
			a, l := appliance(site.ID, 'b'+n)
			l.Origin, l.Epoch = fmt.Sprintf("log/%d", n), uint64(n)+1
			switch err := s.UseCode(context.WithoutCancel(t.Context()), hash, a, l); {
			case err == nil:
				used.Add(1)
			case errors.Is(err, store.ErrConflict):
				refused.Add(1)
			default:
				t.Errorf("UseCode = %v", err)
			}
		})
	}
	group.Wait()
	if used.Load() != 1 || refused.Load() != 7 {
		t.Errorf("used %d, refused %d; want 1 and 7", used.Load(), refused.Load())
	}
	all, err := s.Appliances(t.Context(), site.ID)
	if ok(t, err); len(all) != 2 {
		t.Errorf("appliances = %d; want the first and one more", len(all))
	}
}

func takeWhole(t *testing.T, s *store.Store) {
	site, _, l := seed(t, s, 'a')
	first := take(site.ID, l, 0, "a1", "b1", "c1")
	ok(t, s.Take(t.Context(), first))
	if err := s.Take(t.Context(), first); !errors.Is(err, store.ErrConflict) {
		t.Errorf("the same run again = %v; want ErrConflict", err)
	}
	if err := s.Take(t.Context(), take(site.ID, l, 4, "x1")); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a run behind the end = %v; want ErrConflict", err)
	}
	ok(t, s.Take(t.Context(), take(site.ID, l, 3, "d1")))
	held, err := s.Witnessed(t.Context(), l.Origin)
	if ok(t, err); held.Size != 4 || string(held.Checkpoint) != "4" {
		t.Errorf("witnessed = %+v; want size 4", held)
	}
	nodes, err := s.Nodes(t.Context(), l.Origin, []int64{tlog.StoredHashIndex(0, 3), tlog.StoredHashIndex(2, 0)})
	if ok(t, err); nodes[0][0] != 3 || nodes[1][0] != 3 {
		t.Errorf("nodes = %v; want those of entry 3", nodes)
	}
	entries, err := s.Entries(t.Context(), site.ID, l.Origin, 1, 2)
	if ok(t, err); len(entries) != 2 || entries[0].BundleID != "b" || entries[1].Position != 2 {
		t.Errorf("entries from 1 = %+v", entries)
	}
	list, err := s.EvidenceList(t.Context(), store.EvidenceFilter{Site: site.ID}, 10)
	if ok(t, err); len(list) != 4 || list[0].BundleID != "d" || !list[0].Witnessed {
		t.Errorf("evidence = %+v; want four, newest first, witnessed", list)
	}
}

var errBroken = errors.New("broken")

func takeFails(t *testing.T, s *store.Store) {
	site, _, l := seed(t, s, 'a')
	run := take(site.ID, l, 0, "a1", "b1")
	project := run.Project
	run.Project = func(ctx context.Context, n int, p *store.Projection) error {
		if n == 1 {
			return errBroken
		}
		return project(ctx, n, p)
	}
	if err := s.Take(t.Context(), run); !errors.Is(err, errBroken) {
		t.Fatalf("Take = %v; want %v", err, errBroken)
	}
	entries, err := s.EntriesByArrival(t.Context(), 0, 10)
	ok(t, err)
	views, err := s.Hosts(t.Context(), site.ID, "", 10)
	if ok(t, err); len(entries) != 0 || len(views) != 0 {
		t.Errorf("entries %v, hosts %v; want none", entries, views)
	}
}
