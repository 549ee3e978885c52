package repository

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"

	"github.com/osiriscare/osiris/shared/release"
)

// judge reads the folder as a client that knows the first root's keys does, by
// go-tuf and by shared/release, and wants both to take it.
func (r *Repository) judge(bundle []byte, now time.Time) error {
	first, err := load[metadata.RootType](r, metadata.ROOT, 1)
	if err != nil {
		return err
	}
	anchor, err := rootKeys(&first.tuf.Signed)
	if err != nil {
		return err
	}
	store, err := release.Open(anchor, nil)
	if err == nil {
		err = store.Update(bundle, now.UnixMilli())
	}
	if err != nil {
		return fmt.Errorf("as an agent: %w", err)
	}
	if err := r.judgeTUF(now); err != nil {
		return fmt.Errorf("as go-tuf: %w", err)
	}
	return nil
}

// rootKeys are a root's own keys as an agent has them compiled in.
func rootKeys(root *metadata.RootType) (*release.Keys, error) {
	said, err := compactRoot(root)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("%d:", said.GetKeys()[0].GetThreshold())
	for i, key := range said.GetKeys()[0].GetKeys() {
		if i > 0 {
			text += ","
		}
		text += Hex(ed25519.PublicKey(key))
	}
	return release.ParseRoots(text)
}

// Anchor is the newest root's keys as -X main.releaseRoots takes them.
func (r *Repository) Anchor() (string, error) {
	root, _, err := newest[metadata.RootType](r, metadata.ROOT)
	if err != nil {
		return "", err
	}
	keys, err := rootKeys(&root.tuf.Signed)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("%d:", keys.Threshold)
	for i, key := range keys.Public {
		if i > 0 {
			text += ","
		}
		text += Hex(key)
	}
	return text, nil
}

func (r *Repository) judgeTUF(now time.Time) error {
	read := func(role string, version int64) []byte {
		content, err := os.ReadFile(r.jsonPath(role, version))
		if err != nil {
			return nil // which go-tuf refuses
		}
		return content
	}
	trusted, err := trustedmetadata.New(read(metadata.ROOT, 1))
	if err != nil {
		return err
	}
	trusted.RefTime = now
	roots, err := r.latest(metadata.ROOT)
	if err != nil {
		return err
	}
	for v := int64(2); v <= roots; v++ {
		if _, err := trusted.UpdateRoot(read(metadata.ROOT, v)); err != nil {
			return err
		}
	}
	if _, err := trusted.UpdateTimestamp(read(metadata.TIMESTAMP, 0)); err != nil {
		return err
	}
	snapshot := trusted.Timestamp.Signed.Meta["snapshot.json"]
	if snapshot == nil {
		return errors.New("the timestamp names no snapshot")
	}
	if _, err := trusted.UpdateSnapshot(read(metadata.SNAPSHOT, snapshot.Version), false); err != nil {
		return err
	}
	targets := trusted.Snapshot.Signed.Meta["targets.json"]
	if targets == nil {
		return errors.New("the snapshot names no targets")
	}
	_, err = trusted.UpdateTargets(read(metadata.TARGETS, targets.Version))
	return err
}
