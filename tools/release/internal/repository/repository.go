// Package repository is the vendor's side of self-update (DESIGN D37): a TUF
// repository (specification 1.0.31) made and judged by go-tuf, and beside each of
// its metadata files the compact form that agents take (trust.v1.SignedRelease),
// which says the same and is signed by the same keys. In the folder:
//
//	metadata/N.root.json, N.targets.json, N.snapshot.json, timestamp.json
//	compact/N.root, N.targets, N.snapshot, timestamp
//	targets/...    the programs
//	agent.bundle   what an appliance serves: written last, when both judges agree
//
// Root and targets are prepared unsigned and signed one key at a time, because
// their keys are offline and apart; snapshot and timestamp are made by Publish.
// Keys are package signed's seeds. Versions count from 1, times are UTC.
package repository

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"
	"google.golang.org/protobuf/proto"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/release"
	"github.com/osiriscare/osiris/shared/release/tuf"
	"github.com/osiriscare/osiris/shared/signed"
)

// Names in the folder.
const (
	metadataDir = "metadata"
	compactDir  = "compact"
	targetsDir  = "targets"
	bundleFile  = "agent.bundle"
)

// Repository is one folder.
type Repository struct{ dir string }

// Open makes the folders.
func Open(dir string) (*Repository, error) {
	for _, d := range []string{metadataDir, compactDir, targetsDir} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return nil, err
		}
	}
	return &Repository{dir}, nil
}

// latest is the highest version of a role's metadata, 0 without one.
func (r *Repository) latest(role string) (int64, error) {
	entries, err := os.ReadDir(filepath.Join(r.dir, metadataDir))
	if err != nil {
		return 0, err
	}
	newest := int64(0)
	for _, e := range entries {
		number, ok := strings.CutSuffix(e.Name(), "."+role+".json")
		if n, err := strconv.ParseInt(number, 10, 64); ok && err == nil {
			newest = max(newest, n)
		}
	}
	return newest, nil
}

// file is a name without its folder and ending; the timestamp has no number,
// because nobody knows it before.
func file(role string, version int64) string {
	if role == metadata.TIMESTAMP {
		return role
	}
	return strconv.FormatInt(version, 10) + "." + role
}

func (r *Repository) jsonPath(role string, version int64) string {
	return filepath.Join(r.dir, metadataDir, file(role, version)+".json")
}

func (r *Repository) compactPath(role string, version int64) string {
	return filepath.Join(r.dir, compactDir, file(role, version))
}

// pair is one role's metadata in both forms.
type pair[T metadata.Roles] struct {
	tuf     *metadata.Metadata[T]
	compact *trustv1.SignedRelease
}

// newPair is an unsigned one.
func newPair[T metadata.Roles](m *metadata.Metadata[T]) (*pair[T], error) {
	said, err := tuf.Compact(m)
	if err != nil {
		return nil, err
	}
	payload, err := proto.MarshalOptions{Deterministic: true}.Marshal(said)
	if err != nil {
		return nil, err
	}
	return &pair[T]{m, &trustv1.SignedRelease{Payload: payload}}, nil
}

// sign adds a key's signature to both.
func (p *pair[T]) sign(key *signed.Key) error {
	signer, err := signature.LoadED25519Signer(key.Private())
	if err != nil {
		return err
	}
	k, err := metadata.KeyFromPublicKey(key.Public())
	if err != nil {
		return err
	}
	name, err := k.ID()
	if err != nil {
		return err
	}
	for _, s := range p.tuf.Signatures {
		if s.KeyID == name {
			return fmt.Errorf("signing: key %s has signed already", key.ID())
		}
	}
	if _, err := p.tuf.Sign(signer); err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	id := key.ID()
	p.compact.Signatures = append(p.compact.Signatures, &trustv1.ReleaseSignature{
		KeyId: id[:], Signature: key.Sign(release.Context, p.compact.GetPayload()),
	})
	return nil
}

func (p *pair[T]) save(r *Repository, role string, version int64) error {
	said, err := proto.Marshal(p.compact)
	if err == nil {
		err = write(r.compactPath(role, version), said)
	}
	if err != nil {
		return err
	}
	text, err := p.tuf.ToBytes(true)
	if err != nil {
		return err
	}
	return write(r.jsonPath(role, version), append(text, '\n'))
}

// load reads a pair and checks that both forms say the same.
func load[T metadata.Roles](r *Repository, role string, version int64) (*pair[T], error) {
	p := &pair[T]{tuf: &metadata.Metadata[T]{}, compact: &trustv1.SignedRelease{}}
	if _, err := p.tuf.FromFile(r.jsonPath(role, version)); err != nil {
		return nil, fmt.Errorf("reading %s: %w", r.jsonPath(role, version), err)
	}
	content, err := os.ReadFile(r.compactPath(role, version))
	if err != nil {
		return nil, err
	}
	if err := proto.Unmarshal(content, p.compact); err != nil {
		return nil, fmt.Errorf("reading %s: %w", r.compactPath(role, version), err)
	}
	again, err := newPair(p.tuf)
	if err != nil {
		return nil, err
	}
	had, said := &trustv1.ReleaseMetadata{}, &trustv1.ReleaseMetadata{}
	if err := errors.Join(proto.Unmarshal(p.compact.GetPayload(), had), proto.Unmarshal(again.compact.GetPayload(), said)); err != nil {
		return nil, err
	}
	// How a snapshot names the targets differs by nature: by the bytes of its form.
	if role == metadata.ROOT || role == metadata.TARGETS {
		if !proto.Equal(had, said) {
			return nil, fmt.Errorf("%s and %s do not say the same", r.jsonPath(role, version), r.compactPath(role, version))
		}
	}
	return p, nil
}

// write replaces a file.
func write(path string, content []byte) error {
	if err := os.WriteFile(path+".new", content, 0o644); err != nil { //nolint:gosec // public metadata
		return err
	}
	return os.Rename(path+".new", path)
}

// RootSpec is what a root says.
type RootSpec struct {
	Expires time.Time
	// Keys and Threshold by TUF role name.
	Keys      map[string][]ed25519.PublicKey
	Threshold map[string]int
}

// Root prepares the next root, unsigned. A rotation is signed by the old root's
// keys and by the new one's.
func (r *Repository) Root(s RootSpec) (version int64, err error) {
	before, err := r.latest(metadata.ROOT)
	if err != nil {
		return 0, err
	}
	m := metadata.Root(s.Expires.UTC().Truncate(time.Second))
	m.Signed.Version = before + 1
	for _, role := range metadata.TOP_LEVEL_ROLE_NAMES {
		m.Signed.Roles[role] = &metadata.Role{KeyIDs: []string{}, Threshold: s.Threshold[role]}
		for _, public := range s.Keys[role] {
			key, err := metadata.KeyFromPublicKey(public)
			if err == nil {
				err = m.Signed.AddKey(key, role)
			}
			if err != nil {
				return 0, fmt.Errorf("adding a key of %s: %w", role, err)
			}
		}
		if s.Threshold[role] < 1 || s.Threshold[role] > len(m.Signed.Roles[role].KeyIDs) {
			return 0, fmt.Errorf("%s has %d keys and a threshold of %d", role, len(m.Signed.Roles[role].KeyIDs), s.Threshold[role])
		}
	}
	p, err := newPair(m)
	if err != nil {
		return 0, err
	}
	return before + 1, p.save(r, metadata.ROOT, before+1)
}
