package repository

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"os"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"google.golang.org/protobuf/proto"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/release"
	"github.com/osiriscare/osiris/shared/release/tuf"
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
	theirs, err := tuf.Open(anchor, nil)
	if err == nil {
		err = theirs.Update(os.DirFS(r.dir), now)
	}
	if err != nil {
		return fmt.Errorf("as go-tuf: %w", err)
	}
	said := &trustv1.ReleaseBundle{}
	if err := proto.Unmarshal(bundle, said); err != nil {
		return err
	}
	return theirs.Same(said)
}

// rootKeys are a root's own keys as an agent has them compiled in.
func rootKeys(root *metadata.RootType) (*release.Keys, error) {
	said, err := tuf.Compact(&metadata.Metadata[metadata.RootType]{Signed: *root})
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

// Hex is a public key as release.ParseRoots takes it.
func Hex(public ed25519.PublicKey) string { return hex.EncodeToString(public) }
