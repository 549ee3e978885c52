package evidence

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/osiriscare/osiris/appliance/internal/translog"
	"github.com/osiriscare/osiris/shared/bundle"
)

// tileHeight is C2SP tlog-tiles': 256 hashes a tile.
const tileHeight = 8

// tiles brings the log's C2SP tlog-tiles up to date: tile/<level>/<n>,
// tile/entries/<n> and, last of all, checkpoint, the newest cosigned one. Like
// the folders they are copies. They serve auditors who follow logs with tools of
// their own.
func (x *exporter) tiles(ctx context.Context, e translog.Epoch) error {
	root := filepath.Join(x.dir, bundle.DirTiles, strconv.FormatUint(e.Epoch, 10))
	name := fmt.Sprintf("tiles/%d", e.Epoch)
	mark, err := x.log.Mark(ctx, name)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(filepath.Join(root, "checkpoint")); errors.Is(err, fs.ErrNotExist) {
		mark = 0
	}
	checkpoint, size, err := x.log.LastCosigned(ctx, e.Epoch)
	if err != nil || uint64(mark) >= size {
		return err
	}
	for _, tile := range tlog.NewTiles(tileHeight, mark, int64(size)) {
		if err := x.tile(ctx, root, e.Epoch, tile); err != nil {
			return fmt.Errorf("writing %s of epoch %d: %w", tile.Path(), e.Epoch, err)
		}
	}
	if err := x.put(filepath.Join(root, "checkpoint"), checkpoint); err != nil {
		return err
	}
	return x.log.SetMark(ctx, name, int64(size))
}

// tile writes one tile and, at level 0, its entries. A full one replaces the
// partial ones before it.
func (x *exporter) tile(ctx context.Context, root string, epoch uint64, t tlog.Tile) error {
	data, err := tlog.ReadTileData(t, x.log.Nodes(ctx, epoch))
	if err != nil {
		return err
	}
	// C2SP paths are sumdb's without the height.
	path := "tile/" + strings.TrimPrefix(t.Path(), "tile/8/")
	if err := x.putTile(root, path, data, t.W); err != nil || t.L != 0 {
		return err
	}
	entries, err := x.entries(ctx, epoch, uint64(t.N)<<tileHeight, t.W)
	if err != nil {
		return err
	}
	return x.putTile(root, "tile/entries/"+strings.TrimPrefix(path, "tile/0/"), entries, t.W)
}

// entries is an entry bundle: each entry after its 16-bit length.
func (x *exporter) entries(ctx context.Context, epoch, from uint64, n int) ([]byte, error) {
	list, err := x.log.Leaves(ctx, epoch, from, n)
	if err != nil {
		return nil, err
	}
	if len(list) != n {
		return nil, fmt.Errorf("reading entries %d to %d: %w", from, from+uint64(n), translog.ErrNotFound)
	}
	var b []byte
	for _, entry := range list {
		b = binary.BigEndian.AppendUint16(b, uint16(len(entry))) // logproof bounds entries to 1 KB
		b = append(b, entry...)
	}
	return b, nil
}

func (x *exporter) putTile(root, path string, data []byte, width int) error {
	full := filepath.Join(root, filepath.FromSlash(path))
	if err := x.put(full, data); err != nil || width != 1<<tileHeight {
		return err
	}
	return os.RemoveAll(full + ".p")
}

// put writes a file at once.
func (x *exporter) put(path string, content []byte) error {
	for _, dir := range []string{x.partial(), filepath.Dir(path)} {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return err
		}
	}
	return x.replace(path, content)
}
