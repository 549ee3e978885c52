package archive

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"

	"github.com/osiriscare/osiris/central/internal/store"
)

// Read gives the bytes of log entries that one file holds, and checks them
// against the hashes that the rows state.
func (a *Archive) Read(entries ...store.Entry) (items []Item, err error) {
	if len(entries) == 0 {
		return nil, nil
	}
	name := entries[0].Batch
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return nil, fmt.Errorf("reading archive %q: it is not a name of ours", name)
	}
	z, err := zip.OpenReader(filepath.Join(a.dir, filepath.FromSlash(name)))
	if err != nil {
		return nil, fmt.Errorf("reading archive %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, z.Close()) }()
	files := make(map[string]*zip.File, len(z.File))
	for _, f := range z.File {
		files[f.Name] = f
	}
	for _, e := range entries {
		if e.Batch != name {
			return nil, fmt.Errorf("reading archive %s: entry %d of %s is in %s", name, e.Position, e.Origin, e.Batch)
		}
		item, err := readItem(files, e)
		if err != nil {
			return nil, fmt.Errorf("reading archive %s: entry %d: %w", name, e.Position, err)
		}
		items = append(items, item)
	}
	return items, nil
}

// ReadAll is Read for entries in any number of files.
func (a *Archive) ReadAll(entries []store.Entry) ([]Item, error) {
	var items []Item
	for len(entries) > 0 {
		run := 1
		for run < len(entries) && entries[run].Batch == entries[0].Batch {
			run++
		}
		part, err := a.Read(entries[:run]...)
		if err != nil {
			return nil, err
		}
		items, entries = append(items, part...), entries[run:]
	}
	return items, nil
}

func readItem(files map[string]*zip.File, e store.Entry) (Item, error) {
	folder := strconv.FormatUint(e.Position, 10) + "/"
	item := Item{Position: e.Position}
	for name, into := range map[string]*[]byte{"entry": &item.Entry, "bundle.json": &item.Bundle, "bundle.sig": &item.Signature} {
		content, err := readFile(files[folder+name])
		if err != nil {
			return Item{}, fmt.Errorf("%w: %s: %w", ErrDamaged, name, err)
		}
		*into = content
	}
	for name, pair := range map[string][2][]byte{"bundle.json": {item.Bundle, e.BundleHash}, "bundle.sig": {item.Signature, e.SignatureHash}} {
		if sum := sha256.Sum256(pair[0]); !bytes.Equal(sum[:], pair[1]) {
			return Item{}, fmt.Errorf("%w: %s has another hash", ErrDamaged, name)
		}
	}
	return item, nil
}

func readFile(f *zip.File) (content []byte, err error) {
	if f == nil {
		return nil, errors.New("it is missing")
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	content, err = io.ReadAll(io.LimitReader(r, maxFile+1))
	if len(content) > maxFile {
		err = errors.Join(err, errors.New("it is too large"))
	}
	return content, err
}
