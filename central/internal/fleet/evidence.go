package fleet

import (
	"context"
	"encoding/hex"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/logproof"

	"github.com/osiriscare/osiris/central/internal/archive"
	"github.com/osiriscare/osiris/central/internal/store"
)

// EvidenceQuery narrows a list; empty fields match all.
type EvidenceQuery struct {
	Site       store.SiteID
	HostID     string
	IncidentID string
	CheckID    string
}

// EvidenceList lists bundles, newest first.
func (f *Fleet) EvidenceList(ctx context.Context, q EvidenceQuery, p Page) ([]*centralv1.Evidence, string, error) {
	var before int64
	if err := p.after(&before); err != nil {
		return nil, "", err
	}
	if _, err := f.store.Site(ctx, q.Site); err != nil {
		return nil, "", fmt.Errorf("reading site %s: %w", q.Site, err)
	}
	rows, err := f.store.EvidenceList(ctx, store.EvidenceFilter{
		Site: q.Site, HostID: q.HostID, IncidentID: q.IncidentID, CheckID: q.CheckID, Before: before,
	}, p.limit()+1)
	if err != nil {
		return nil, "", fmt.Errorf("listing evidence of site %s: %w", q.Site, err)
	}
	token := ""
	if len(rows) > p.limit() {
		rows = rows[:p.limit()]
		token = next(rows[len(rows)-1].EntryID)
	}
	all := make([]*centralv1.Evidence, len(rows))
	for n, row := range rows {
		all[n] = evidenceMessage(row)
	}
	return all, token, nil
}

func evidenceMessage(e store.Evidence) *centralv1.Evidence {
	m := &centralv1.Evidence{
		BundleId: e.BundleID, SiteId: string(e.SiteID), HostId: e.HostID, CheckId: e.CheckID, IncidentId: e.IncidentID,
		Kind: e.Kind, Outcome: e.Outcome, MadeMs: e.MadeMs, LogOrigin: e.Origin, LogIndex: e.Position,
		Sha256: hex.EncodeToString(e.BundleHash), AgentId: e.AgentID, QueueId: e.QueueID, Seq: e.Seq,
		Summary: e.Summary, Witnessed: e.Witnessed, Duplicate: e.Duplicate,
	}
	if e.Duplicate {
		// A record's key is listed once, with what came first.
		m.AgentId, m.QueueId, m.Seq = "", "", 0
	}
	return m
}

// Evidence reads one bundle, at a position of a log if origin is not empty, with the files that verify alone. Every byte is
// checked against its hash, and the proof is made for the newest cosigned
// checkpoint.
func (f *Fleet) Evidence(ctx context.Context, site store.SiteID, bundleID, origin string, position uint64) (*centralv1.Evidence, []*centralv1.File, error) {
	row, err := f.store.Evidence(ctx, site, bundleID, origin, position)
	if err != nil {
		return nil, nil, fmt.Errorf("reading evidence %s: %w", bundleID, err)
	}
	entry, err := f.store.EntryByID(ctx, site, row.EntryID)
	if err != nil {
		return nil, nil, fmt.Errorf("reading log entry of evidence %s: %w", bundleID, err)
	}
	items, err := f.archive.Read(entry)
	if err != nil {
		return nil, nil, err
	}
	proof, err := f.prove(ctx, entry, items[0])
	if err != nil {
		return nil, nil, fmt.Errorf("proving evidence %s: %w", bundleID, err)
	}
	return evidenceMessage(row), []*centralv1.File{
		{Name: bundle.FileJSON, Content: items[0].Bundle},
		{Name: bundle.FileSig, Content: items[0].Signature},
		{Name: bundle.FileProof, Content: proof},
	}, nil
}

func (f *Fleet) prove(ctx context.Context, entry store.Entry, item archive.Item) ([]byte, error) {
	held, err := f.store.Witnessed(ctx, entry.Origin)
	if err != nil {
		return nil, err
	}
	proof, err := logproof.Prove(item.Entry, entry.Position, held.Checkpoint, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		return f.store.Nodes(ctx, entry.Origin, indexes)
	}))
	if err != nil {
		return nil, err
	}
	if _, _, err := proof.CheckInclusion(); err != nil {
		return nil, err
	}
	return proof.Marshal(), nil
}

// maxFetch bounds the bytes of one answer of Entries: an appliance reads at most 8 MB.
const maxFetch = 6 << 20

// maxFetchEntries bounds its entries.
const maxFetchEntries = 1000

// Entries gives stored log entries back, at least one if there is one.
func (f *Fleet) Entries(ctx context.Context, site store.SiteID, origin string, from uint64, limit uint32) ([]archive.Item, error) {
	if limit == 0 || limit > maxFetchEntries {
		limit = maxFetchEntries
	}
	rows, err := f.store.Entries(ctx, site, origin, from, int(limit))
	if err != nil {
		return nil, fmt.Errorf("reading log %s: %w", origin, err)
	}
	items, err := f.archive.ReadAll(rows)
	if err != nil {
		return nil, err
	}
	size := 0
	for n, i := range items {
		size += len(i.Entry) + len(i.Bundle) + len(i.Signature)
		if size > maxFetch && n > 0 {
			return items[:n], nil
		}
	}
	return items, nil
}
