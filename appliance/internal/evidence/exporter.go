package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/osiriscare/osiris/appliance/internal/translog"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/logproof"
	"golang.org/x/mod/sumdb/note"
)

// exporter writes bundle folders. Nothing is synced to disk: the log can make
// each folder again.
type exporter struct {
	dir string
	log *translog.Log

	// keys that the last seen trust chain lists, because nearly all bundles of
	// a day carry the same chain.
	chain []byte
	keys  []note.Verifier

	// tail says that entries wait for a cosignature, since when, and beyond
	// which size.
	tail     bool
	since    time.Time
	cosigned uint64
}

func newExporter(dir string, log *translog.Log) *exporter { return &exporter{dir: dir, log: log} }

// partial is where folders are put together. Verifiers skip it.
func (x *exporter) partial() string { return filepath.Join(x.dir, bundle.DirPartial) }

// folder is where a bundle belongs.
func (x *exporter) folder(day int64, id [16]byte) string {
	date := time.Unix(day*24*60*60, 0).UTC()
	return filepath.Join(x.dir, date.Format("2006"), date.Format("01"), date.Format("02"), uuid.UUID(id).String())
}

// make writes the folder of an entry, or brings it up to date.
func (x *exporter) make(ctx context.Context, r translog.Row) error {
	proof, err := x.proof(ctx, r)
	if err != nil {
		return err
	}
	files := []struct {
		name    string
		content []byte
	}{{bundle.FileJSON, r.Bundle}, {bundle.FileSig, r.Sig}, {bundle.FileProof, proof}}
	folder := x.folder(r.Day, r.ID)
	stale := ""
	for _, f := range files {
		held, err := os.ReadFile(filepath.Join(folder, f.name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err != nil || !bytes.Equal(held, f.content) {
			stale += f.name
		}
	}
	if stale == "" {
		return nil
	}
	if err := os.MkdirAll(x.partial(), 0o750); err != nil {
		return err
	}
	if stale == bundle.FileProof {
		return x.replace(filepath.Join(folder, bundle.FileProof), proof)
	}
	fresh, err := os.MkdirTemp(x.partial(), "new-")
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(fresh, f.name), f.content, 0o640); err != nil {
			return errors.Join(err, os.RemoveAll(fresh))
		}
	}
	return x.swap(fresh, folder)
}

// swap puts the fresh folder in place of another, if there is one. What others
// added to the old one (bundle.ots) moves along.
func (x *exporter) swap(fresh, folder string) error {
	if err := os.Chmod(fresh, 0o750); err != nil { // MkdirTemp gives 0700
		return err
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o750); err != nil {
		return err
	}
	old := fresh + ".old"
	err := os.Rename(folder, old)
	if errors.Is(err, fs.ErrNotExist) {
		return os.Rename(fresh, folder)
	}
	if err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(old, bundle.FileOTS), filepath.Join(fresh, bundle.FileOTS)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(fresh, folder); err != nil {
		return err
	}
	return os.RemoveAll(old)
}

// replace swaps one file at once.
func (x *exporter) replace(path string, content []byte) error {
	f, err := os.CreateTemp(x.partial(), "file-")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(0o640), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// proof makes bundle.proof: against the first cosigned checkpoint that covers
// the entry, or the newest of our own until there is one.
func (x *exporter) proof(ctx context.Context, r translog.Row) ([]byte, error) {
	checkpoint, _, err := x.log.CosignedOver(ctx, r.Epoch, r.Position)
	if err != nil {
		return nil, err
	}
	if checkpoint == nil {
		if checkpoint, err = x.log.Own(ctx, r.Epoch); err != nil {
			return nil, err
		}
	}
	keys, err := x.keysOf(r.Sig)
	if err != nil {
		return nil, err
	}
	if checkpoint, err = logproof.KeepLines(checkpoint, keys...); err != nil {
		return nil, err
	}
	p, err := logproof.Prove(r.Entry, r.Position, checkpoint, x.log.Nodes(ctx, r.Epoch))
	if err != nil {
		return nil, err
	}
	return p.Marshal(), nil
}

// keysOf are the log and witness keys that a bundle's own trust chain lists:
// its proof holds lines of these only (logproof.KeepLines).
func (x *exporter) keysOf(sigFile []byte) ([]note.Verifier, error) {
	sig, err := bundle.ParseSig(sigFile)
	if err != nil {
		return nil, err
	}
	if bytes.Equal(sig.Trust, x.chain) && x.keys != nil {
		return x.keys, nil
	}
	opened, err := sig.OpenTrust()
	if err != nil {
		return nil, err
	}
	witnesses, err := witnessVerifiers(opened)
	if err != nil {
		return nil, err
	}
	var keys []note.Verifier // a log's line comes before the witnesses'
	for _, a := range opened.Doc.Appliances {
		for _, v := range a.LogVkeys {
			k, err := logproof.LogVerifier(v)
			if err != nil {
				return nil, err
			}
			keys = append(keys, k)
		}
	}
	x.chain, x.keys = sig.Trust, append(keys, witnesses...)
	return x.keys, nil
}

// repair makes the folders again that should be there and are not, and takes
// those away whose entries do not stand any more: after a fork they were logged
// again elsewhere or the witness has them. It looks at names only: one listing
// a bundle.
func (x *exporter) repair(ctx context.Context) error {
	if err := os.RemoveAll(x.partial()); err != nil {
		return err
	}
	epochs, err := x.log.Epochs(ctx)
	if err != nil {
		return err
	}
	valid, made := map[uint64]uint64{}, map[uint64]uint64{}
	for _, e := range epochs {
		mark, err := x.log.Mark(ctx, fmt.Sprintf("made/%d", e.Epoch))
		if err != nil {
			return err
		}
		valid[e.Epoch], made[e.Epoch] = e.Valid, uint64(mark)
	}
	var after *translog.Place
	for {
		list, err := x.log.Places(ctx, after, 500)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, p := range list {
			switch {
			case p.Position >= valid[p.Epoch]:
				err = os.RemoveAll(x.folder(p.Day, p.ID))
			case p.Position < made[p.Epoch]: // others update will make
				err = x.mend(ctx, p)
			}
			if err != nil {
				return err
			}
		}
		after = &list[len(list)-1]
	}
}

// mend makes one folder again if a file of it is missing.
func (x *exporter) mend(ctx context.Context, p translog.Place) error {
	names, err := os.ReadDir(x.folder(p.Day, p.ID))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	have := 0
	for _, n := range names {
		switch n.Name() {
		case bundle.FileJSON, bundle.FileSig, bundle.FileProof:
			have++
		}
	}
	if have == 3 {
		return nil
	}
	rows, err := x.log.Entries(ctx, p.Epoch, p.Position, 1, 0)
	if err != nil || len(rows) == 0 {
		return fmt.Errorf("reading entry %d of epoch %d: %w", p.Position, p.Epoch, errors.Join(err, translog.ErrNotFound))
	}
	return x.make(ctx, rows[0])
}
