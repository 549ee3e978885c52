package evidence_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/osiriscare/osiris/appliance/internal/evidence"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/bundle/bundletest"
	"github.com/osiriscare/osiris/shared/logproof"
)

// tileFolder reads C2SP tiles for sumdb's own tile reader, which checks every
// hash that it gives against the root.
type tileFolder string

func (d tileFolder) Height() int                         { return 8 }
func (d tileFolder) SaveTiles(_ []tlog.Tile, _ [][]byte) {}

func (d tileFolder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		var err error
		if out[i], err = os.ReadFile(filepath.Join(string(d), "tile", strings.TrimPrefix(t.Path(), "tile/8/"))); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// published waits until the tiles are at the size and returns their checkpoint.
func published(t *testing.T, dir string, size uint64) logproof.Checkpoint {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		note, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
		if err == nil {
			c, err := logproof.PeekCheckpoint(note)
			if err != nil {
				t.Fatal(err)
			}
			if c.Size == size {
				return c
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("tiles of %d entries never came: %v", size, err)
		}
		time.Sleep(20 * time.Millisecond) // as in verified
	}
}

func TestTheTilesAreReadByOtherPeoplesCode(t *testing.T) {
	w := bundletest.NewWorld(t, t.Name())
	r := start(t, w, t.TempDir(), w)
	dir := filepath.Join(r.export, bundle.DirTiles, "0")
	n := uint64(0)
	for _, size := range []uint64{3, 256, 257, 520} {
		var drafts []evidence.Draft
		for ; n+1 < size; n++ {
			drafts = append(drafts, evidence.Draft{Bundle: w.Drift(n + 1)})
		}
		if _, err := r.AddAll(t.Context(), drafts...); err != nil {
			t.Fatal(err)
		}
		r.cosign(t, w, 0)
		c := published(t, dir, size)
		hashes := tlog.TileHashReader(tlog.Tree{N: int64(c.Size), Hash: c.Root}, tileFolder(dir))
		for i := int64(0); i < int64(size); i += 1 + i%5 { // a sample with both ends of tiles
			leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
			if err != nil {
				t.Fatalf("leaf %d of %d: %v", i, size, err)
			}
			if got := logproof.LeafHash(entryOf(t, dir, i, int64(size))); got != leaf[0] {
				t.Fatalf("entry %d of %d hashes to %v; the tile has %v", i, size, got, leaf[0])
			}
		}
	}
	if names, err := filepath.Glob(filepath.Join(dir, "tile", "*", "000.p")); err != nil || len(names) > 1 { // level 1 stays partial
		t.Errorf("partial tiles beside full ones: %v, %v", names, err)
	}
	r.verified(t, w, 520, bundle.Proven)
}

// entryOf reads entry i of size out of its entry bundle.
func entryOf(t *testing.T, dir string, i, size int64) []byte {
	t.Helper()
	tile := tlog.Tile{H: 8, L: 0, N: i / 256, W: int(min(256, size-i/256*256))}
	b, err := os.ReadFile(filepath.Join(dir, "tile", "entries", strings.TrimPrefix(tile.Path(), "tile/8/0/")))
	if err != nil {
		t.Fatal(err)
	}
	for range i % 256 {
		b = b[2+binary.BigEndian.Uint16(b):]
	}
	return b[2 : 2+binary.BigEndian.Uint16(b)]
}

func TestAnExportThatCannotBeWrittenDelaysNothing(t *testing.T) {
	w := bundletest.NewWorld(t, t.Name())
	dir := t.TempDir()
	blocked := filepath.Join(dir, "evidence")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil { // a file where the folder should be
		t.Fatal(err)
	}
	r := start(t, w, dir, w)
	r.add(t, w, 1)
	r.cosign(t, w, 0)
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	r.verified(t, w, 2, bundle.Proven)
}
