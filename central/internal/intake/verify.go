package intake

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/logproof"

	"github.com/osiriscare/osiris/central/internal/archive"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Reasons inside an EntryError.
var (
	ErrSigner = errors.New("the bundle is not signed by the key this appliance registered")
	ErrRoot   = errors.New("the signer is endorsed under another Central root")
	ErrEpoch  = errors.New("the log's first entry does not name what was registered")
)

// verified is a batch that may be taken.
type verified struct {
	entries []store.Entry
	bundles []bundle.Bundle
	nodes   []tlog.Hash
	witness store.Witnessed
}

// verify judges every entry and then the tree they make.
func (i *Intake) verify(ctx context.Context, a store.Appliance, lg store.Log, held store.Witnessed, b Batch) (*verified, error) {
	head, err := i.head(ctx, held, b.Origin)
	if err != nil {
		return nil, err
	}
	v := &verified{}
	for _, item := range b.Items {
		opened, err := i.judge(a, lg, item)
		if err != nil {
			return nil, &EntryError{item.Position, err}
		}
		bundleHash, sigHash := logproof.HashOf(item.Bundle), logproof.HashOf(item.Signature)
		nodes, err := head.Accept(item.Entry, bundleHash, sigHash)
		if err != nil {
			return nil, &EntryError{item.Position, err}
		}
		v.nodes = append(v.nodes, nodes...)
		v.bundles = append(v.bundles, opened.Bundle)
		v.entries = append(v.entries, store.Entry{
			Origin: b.Origin, Position: item.Position, SiteID: a.SiteID, BundleID: opened.Bundle.BundleID,
			BundleHash: bundleHash[:], SignatureHash: sigHash[:],
		})
	}
	verifier, err := logproof.LogVerifier(lg.VKey)
	if err != nil {
		return nil, fmt.Errorf("reading key of log %s: %w", lg.Origin, err)
	}
	v.witness, err = i.witness.Advance(held, head, b.Checkpoint, verifier)
	return v, err
}

// head is the end of the log as Central holds it.
func (i *Intake) head(ctx context.Context, held store.Witnessed, origin string) (*logproof.Head, error) {
	head := logproof.NewHead(origin)
	if held.Size == 0 {
		return head, nil
	}
	tree, err := logproof.LoadTree(held.Size, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		return i.store.Nodes(ctx, origin, indexes)
	}))
	if err != nil {
		return nil, fmt.Errorf("loading log %s: %w", origin, err)
	}
	if root := tree.Root(); !bytes.Equal(root[:], held.Root) || len(held.Chain) != len(head.Last) {
		return nil, fmt.Errorf("loading log %s: its stored nodes do not give the root that was cosigned", origin)
	}
	head.Tree, head.Last = tree, logproof.Hash(held.Chain)
	return head, nil
}

// judge verifies one bundle by itself.
func (i *Intake) judge(a store.Appliance, lg store.Log, item archive.Item) (*bundle.Signed, error) {
	opened, err := bundle.OpenSigned(item.Bundle, item.Signature)
	if err != nil {
		return nil, err
	}
	b := &opened.Bundle
	switch {
	case opened.Trust.Root != i.root:
		return nil, fmt.Errorf("%w: %s", ErrRoot, opened.Trust.Root)
	case !bytes.Equal(opened.Sig.Key, a.BundleKey):
		return nil, ErrSigner
	case b.SiteID != string(a.SiteID) || b.ApplianceID != string(a.ID):
		return nil, fmt.Errorf("%w: %s at %s", bundle.ErrOwner, b.ApplianceID, b.SiteID)
	case !slices.Contains(opened.Appliance.LogVkeys, lg.VKey):
		return nil, fmt.Errorf("%w: the trust chain in bundle.sig does not name the log's key", ErrSigner)
	}
	return opened, judgeEpoch(a, lg, item.Position, b)
}

// judgeEpoch checks that a log begins with the keys that were registered for it
// and, after a loss, with the checkpoint that was last witnessed.
func judgeEpoch(a store.Appliance, lg store.Log, position uint64, b *bundle.Bundle) error {
	if (position == 0) != (b.Kind == bundle.KindEpoch) {
		return fmt.Errorf("%w: entry %d has kind %s", ErrEpoch, position, b.Kind)
	}
	if position > 0 {
		return nil
	}
	switch e := b.Epoch; {
	case e == nil:
		return fmt.Errorf("%w: the bundle has no epoch", ErrEpoch)
	case e.Origin != lg.Origin:
		return fmt.Errorf("%w: origin %q", ErrEpoch, e.Origin)
	case e.CommandKey != hex.EncodeToString(a.CommandKey) || e.BundleKey != hex.EncodeToString(a.BundleKey) || e.LogVKey != lg.VKey:
		return fmt.Errorf("%w: a key differs", ErrEpoch)
	case e.LastCheckpoint != string(lg.Previous):
		return fmt.Errorf("%w: the last checkpoint differs from the one it was opened with", ErrEpoch)
	}
	return judgeKept(lg, b.Epoch)
}

// judgeKept checks how much of the log before is said to be the same in both
// histories: no more than either of them has.
func judgeKept(lg store.Log, e *bundle.Epoch) error {
	var witnessed uint64
	if len(lg.Previous) > 0 {
		before, err := logproof.PeekCheckpoint(lg.Previous)
		if err != nil {
			return fmt.Errorf("reading the checkpoint before log %s: %w", lg.Origin, err)
		}
		witnessed = before.Size
	}
	if e.KeptSize > witnessed || e.KeptSize > e.LocalSize {
		return fmt.Errorf("%w: kept_size is %d, the log before had %d entries here and %d there", ErrEpoch, e.KeptSize, witnessed, e.LocalSize)
	}
	return nil
}
