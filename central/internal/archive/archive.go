// Package archive keeps the exact bytes of evidence in a folder, for six years
// and longer than any database (DESIGN D34). One file holds one verified run of
// log entries:
//
//	<site>/YYYY/MM/DD/<SHA-256 of the file>.zip
//	  <position>/entry, <position>/bundle.json, <position>/bundle.sig
//	  checkpoint
//
// so that it can be read without this program and checked by its name. The zip
// is deterministic: the same run gives the same file. A file is written and
// synced, its folder too, before Put returns; the rows that name it are
// committed after that. A file that no row names is left by a crash and harms
// nothing. Days are UTC.
package archive

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/osiriscare/osiris/central/internal/store"
)

// maxFile bounds each file read out of a zip: a bundle has at most 1 MB.
const maxFile = 2 << 20

// ErrDamaged means that archived bytes are not those that were put.
var ErrDamaged = errors.New("the archive is damaged")

// Item is one log entry with its bundle, exact bytes.
type Item struct {
	Position  uint64
	Entry     []byte
	Bundle    []byte
	Signature []byte
}

// Archive is the folder.
type Archive struct{ dir string }

// Config says where the folder is.
type Config struct{ Dir string }

// New opens the folder, making it.
func New(cfg Config) (*Archive, error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making archive folder: %w", err)
	}
	return &Archive{dir: cfg.Dir}, nil
}

// Put writes a run durably and returns the name that Get takes.
func (a *Archive) Put(site store.SiteID, day time.Time, items []Item, checkpoint []byte) (name string, err error) {
	content, err := pack(items, checkpoint)
	if err != nil {
		return "", fmt.Errorf("packing evidence of %s: %w", site, err)
	}
	sum := sha256.Sum256(content)
	name = filepath.Join(string(site), day.UTC().Format("2006/01/02"), hex.EncodeToString(sum[:])+".zip")
	if err := a.write(filepath.Join(a.dir, name), content); err != nil {
		return "", fmt.Errorf("archiving evidence %s: %w", name, err)
	}
	return filepath.ToSlash(name), nil
}

func pack(items []Item, checkpoint []byte) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, compress)
	add := func(name string, content []byte) error {
		w, err := z.Create(name)
		if err != nil {
			return err
		}
		_, err = w.Write(content)
		return err
	}
	for _, i := range items {
		folder := strconv.FormatUint(i.Position, 10) + "/"
		if err := errors.Join(add(folder+"entry", i.Entry), add(folder+"bundle.json", i.Bundle), add(folder+"bundle.sig", i.Signature)); err != nil {
			return nil, err
		}
	}
	err := errors.Join(add("checkpoint", checkpoint), z.Close())
	return b.Bytes(), err
}

// writers are compressors at rest: making one costs more than a bundle takes to
// compress (a third of an intake's time, measured 2026-11-22).
var writers sync.Pool

// compressor goes back to the pool when it is closed.
type compressor struct{ *flate.Writer }

func compress(w io.Writer) (io.WriteCloser, error) {
	if held, ok := writers.Get().(*flate.Writer); ok {
		held.Reset(w)
		return compressor{held}, nil
	}
	made, err := flate.NewWriter(w, flate.BestSpeed)
	return compressor{made}, err
}

// Close implements io.Closer.
func (c compressor) Close() error {
	err := c.Writer.Close()
	writers.Put(c.Writer)
	return err
}

// write makes the file whole and durable; one that is there is the same, by its
// name.
func (a *Archive) write(path string, content []byte) error {
	if held, err := os.ReadFile(path); err == nil && bytes.Equal(held, content) {
		return nil
	}
	if err := a.makeDirs(filepath.Dir(path)); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone already once renamed
	_, err = f.Write(content)
	if err := errors.Join(err, f.Chmod(0o400), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// makeDirs makes the folders of a day; each new one is synced in its parent.
func (a *Archive) makeDirs(dir string) error {
	if dir == a.dir {
		return nil
	}
	if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := a.makeDirs(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
