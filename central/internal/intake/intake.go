// Package intake takes evidence from appliances (DESIGN §3 step 6, D29-D33).
// Everything is verified on arrival and nothing an appliance says of its own
// evidence is believed: the hash of bundle.json and bundle.sig against the
// entry, the signature by the bundle key registered at the claim under our own
// root, site and appliance against the client certificate, the entry's position
// and its predecessor's chain hash, and the tree: Central computes the root from
// the entries themselves, which proves inclusion of each and consistency with
// all it took before, and compares it with the signed checkpoint.
//
// Order: verify, archive durably, commit rows and the witness's new state in one
// transaction, then let the cosignature leave. A batch is taken whole or not at
// all; EntryError names the entry that refused it. The same batch again is
// answered as the first time.
//
// A bundle whose id, or whose agent's record, the site holds with other content
// is taken, flagged and not projected: it stands in a log that cannot leave it
// out, so refusing it would stop that log for ever, and ids can be guessed.
//
// Rows of host, verdict and incident follow from the bundles (Project); Rebuild
// makes them again from the archive.
package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/signed"

	"github.com/osiriscare/osiris/central/internal/archive"
	"github.com/osiriscare/osiris/central/internal/keyring"
	"github.com/osiriscare/osiris/central/internal/store"
	"github.com/osiriscare/osiris/central/internal/witness"
)

// MaxEntries bounds one batch.
const MaxEntries = 4096

// Errors that callers tell apart, besides EntryError and those of witness.
var (
	ErrOrigin = errors.New("the log is not this appliance's")
	ErrClosed = errors.New("the log was closed by a newer epoch")
	ErrBatch  = errors.New("the batch is not valid")
)

// EntryError refuses a batch for one of its entries.
type EntryError struct {
	Index uint64
	Err   error
}

// Error implements error.
func (e *EntryError) Error() string { return fmt.Sprintf("entry %d: %v", e.Index, e.Err) }

// Unwrap implements errors.Unwrap.
func (e *EntryError) Unwrap() error { return e.Err }

// Store is what intake reads and writes.
type Store interface {
	Logs(ctx context.Context, site store.SiteID) ([]store.Log, error)
	Witnessed(ctx context.Context, origin string) (store.Witnessed, error)
	Nodes(ctx context.Context, origin string, indexes []int64) ([]tlog.Hash, error)
	Take(ctx context.Context, t store.Take) error
}

// Intake takes evidence.
type Intake struct {
	root    signed.KeyID
	store   Store
	archive *archive.Archive
	witness *witness.Witness
	feed    *Feed
	log     *slog.Logger
	origins sync.Map // origin to *sync.Mutex: one batch of a log at a time
}

// New makes the intake.
func New(keys *keyring.Keyring, s *store.Store, a *archive.Archive, w *witness.Witness, feed *Feed, log *slog.Logger) *Intake {
	return &Intake{root: keys.Root, store: s, archive: a, witness: w, feed: feed, log: log.With("component", "intake")}
}

// Batch is a run of consecutive log entries and the checkpoint after the last.
type Batch struct {
	Origin     string
	Items      []archive.Item
	Checkpoint []byte
}

// Taken is Central's state after a batch. Cosigned is nil when nothing was
// taken because the batch does not begin at or before Size.
type Taken struct {
	Cosigned []byte
	Size     uint64
}

// Submit verifies and takes a batch of appliance a.
func (i *Intake) Submit(ctx context.Context, a store.Appliance, b Batch) (Taken, error) {
	lg, err := i.openLog(ctx, a, b.Origin)
	if err != nil {
		return Taken{}, err
	}
	lock := i.lock(b.Origin)
	lock.Lock()
	defer lock.Unlock()
	held, err := i.store.Witnessed(ctx, b.Origin)
	if err != nil {
		return Taken{}, fmt.Errorf("reading witness of %s: %w", b.Origin, err)
	}
	if err := consecutive(b.Items); err != nil {
		return Taken{}, err
	}
	if len(b.Items) == 0 || b.Items[0].Position > held.Size {
		return Taken{Size: held.Size}, nil
	}
	fresh, err := i.repeated(ctx, held, b)
	if err != nil {
		return Taken{}, err
	}
	if len(fresh) == 0 {
		return Taken{Cosigned: held.Checkpoint, Size: held.Size}, nil
	}
	taken, err := i.take(ctx, a, lg, held, Batch{Origin: b.Origin, Items: fresh, Checkpoint: b.Checkpoint})
	if errors.Is(err, store.ErrConflict) {
		// Another node was faster; the appliance goes on from what it took.
		held, err = i.store.Witnessed(ctx, b.Origin)
		return Taken{Size: held.Size}, err
	}
	return taken, err
}

func (i *Intake) lock(origin string) *sync.Mutex {
	l, _ := i.origins.LoadOrStore(origin, &sync.Mutex{})
	lock, _ := l.(*sync.Mutex)
	return lock
}

// openLog finds the log a writes to.
func (i *Intake) openLog(ctx context.Context, a store.Appliance, origin string) (store.Log, error) {
	logs, err := i.store.Logs(ctx, a.SiteID)
	if err != nil {
		return store.Log{}, fmt.Errorf("reading logs of site %s: %w", a.SiteID, err)
	}
	var asked, newest store.Log
	for _, l := range logs {
		if l.ApplianceID != a.ID {
			continue
		}
		newest = l
		if l.Origin == origin {
			asked = l
		}
	}
	switch {
	case asked.Origin == "":
		return store.Log{}, ErrOrigin
	case asked.Origin != newest.Origin:
		return store.Log{}, fmt.Errorf("%w: %s", ErrClosed, newest.Origin)
	}
	return asked, nil
}

func consecutive(items []archive.Item) error {
	if len(items) > MaxEntries {
		return fmt.Errorf("%w: %d entries, at most %d are taken at once", ErrBatch, len(items), MaxEntries)
	}
	for n := 1; n < len(items); n++ {
		if items[n].Position != items[n-1].Position+1 {
			return &EntryError{items[n].Position, fmt.Errorf("%w: it does not follow entry %d", ErrBatch, items[n-1].Position)}
		}
	}
	return nil
}

// repeated splits off entries that are held and checks that they are the same.
func (i *Intake) repeated(ctx context.Context, held store.Witnessed, b Batch) ([]archive.Item, error) {
	n := 0
	for n < len(b.Items) && b.Items[n].Position < held.Size {
		n++
	}
	for _, item := range b.Items[:n] {
		nodes, err := i.store.Nodes(ctx, b.Origin, []int64{tlog.StoredHashIndex(0, int64(item.Position))})
		if err != nil {
			return nil, err
		}
		entry, err := logproof.ParseEntry(item.Entry)
		if err != nil {
			return nil, &EntryError{item.Position, err}
		}
		if nodes[0] != logproof.LeafHash(item.Entry) || entry.Bundle != logproof.HashOf(item.Bundle) || entry.Sig != logproof.HashOf(item.Signature) {
			return nil, &EntryError{item.Position, fmt.Errorf("%w: another entry is held at this position", witness.ErrFork)}
		}
	}
	return b.Items[n:], nil
}

// take verifies new entries and commits them.
func (i *Intake) take(ctx context.Context, a store.Appliance, lg store.Log, held store.Witnessed, b Batch) (Taken, error) {
	v, err := i.verify(ctx, a, lg, held, b)
	if err != nil {
		return Taken{}, err
	}
	now := time.Now()
	name, err := i.archive.Put(a.SiteID, now, b.Items, b.Checkpoint)
	if err != nil {
		return Taken{}, err
	}
	take := store.Take{
		Site: a.SiteID, Origin: b.Origin, FromSize: held.Size, Nodes: v.nodes, Witness: v.witness,
		Project: func(ctx context.Context, n int, p *store.Projection) error { return Project(ctx, p, &v.bundles[n]) },
	}
	for n := range b.Items {
		e := v.entries[n]
		e.Batch, e.TakenMs = name, now.UnixMilli()
		take.Entries = append(take.Entries, e)
		take.Evidence = append(take.Evidence, evidenceOf(&v.bundles[n]))
	}
	var twice []string
	take.Duplicate = func(n int) { twice = append(twice, take.Entries[n].BundleID) }
	if err := i.store.Take(ctx, take); errors.Is(err, store.ErrClosed) {
		return Taken{}, fmt.Errorf("%w: %s", ErrClosed, b.Origin)
	} else if err != nil {
		return Taken{}, fmt.Errorf("taking evidence: %w", err)
	}
	if len(twice) > 0 {
		i.log.WarnContext(ctx, "evidence flagged: its id or its record is held with other content", "site_id", a.SiteID,
			"appliance_id", a.ID, "origin", b.Origin, "bundle_ids", twice)
	}
	i.log.InfoContext(ctx, "evidence taken", "site_id", a.SiteID, "appliance_id", a.ID, "origin", b.Origin,
		"entries", len(b.Items), "size", v.witness.Size)
	i.feed.Announce(a.SiteID)
	return Taken{Cosigned: v.witness.Checkpoint, Size: v.witness.Size}, nil
}
