package tuf

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"google.golang.org/protobuf/proto"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/release"
)

// Custom is what targets metadata says of a program beside its content.
type Custom struct {
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	Version string `json:"version"`
	Built   int64  `json:"built"` // Unix seconds
}

// numbers are the roles of trust.v1 by TUF's names.
var numbers = map[string]trustv1.ReleaseRole{
	metadata.ROOT:      trustv1.ReleaseRole_RELEASE_ROLE_ROOT,
	metadata.TIMESTAMP: trustv1.ReleaseRole_RELEASE_ROLE_TIMESTAMP,
	metadata.SNAPSHOT:  trustv1.ReleaseRole_RELEASE_ROLE_SNAPSHOT,
	metadata.TARGETS:   trustv1.ReleaseRole_RELEASE_ROLE_TARGETS,
}

// Compact says in trust.v1 what m says. Which bytes a timestamp or a snapshot
// names differs by nature between the forms and is left out.
func Compact[T metadata.Roles](m *metadata.Metadata[T]) (*trustv1.ReleaseMetadata, error) {
	switch s := any(m.Signed).(type) {
	case metadata.RootType:
		return compactRoot(&s)
	case metadata.TargetsType:
		return compactTargets(&s)
	case metadata.SnapshotType:
		return plain(metadata.SNAPSHOT, s.Version, s.Expires.UnixMilli()), nil
	case metadata.TimestampType:
		return plain(metadata.TIMESTAMP, s.Version, s.Expires.UnixMilli()), nil
	}
	return nil, errors.New("no such role")
}

func plain(role string, version, expiresMs int64) *trustv1.ReleaseMetadata {
	return &trustv1.ReleaseMetadata{Role: numbers[role], Version: uint64(version), ExpiresMs: expiresMs} //nolint:gosec // from 1
}

func compactRoot(s *metadata.RootType) (*trustv1.ReleaseMetadata, error) {
	out := plain(metadata.ROOT, s.Version, s.Expires.UnixMilli())
	for _, name := range []string{metadata.ROOT, metadata.TIMESTAMP, metadata.SNAPSHOT, metadata.TARGETS} {
		role := s.Roles[name]
		if role == nil {
			return nil, fmt.Errorf("the root does not name the role %s", name)
		}
		keys := &trustv1.ReleaseKeys{Role: numbers[name], Threshold: uint32(role.Threshold)} //nolint:gosec // small
		for _, id := range role.KeyIDs {
			key := s.Keys[id]
			if key == nil {
				return nil, fmt.Errorf("the root does not hold the key %s", id)
			}
			public, err := key.ToPublicKey()
			raw, ok := public.(ed25519.PublicKey)
			if err != nil || !ok {
				return nil, fmt.Errorf("key %s is not Ed25519: %w", id, err)
			}
			keys.Keys = append(keys.Keys, raw)
		}
		out.Keys = append(out.Keys, keys)
	}
	return out, nil
}

func compactTargets(s *metadata.TargetsType) (*trustv1.ReleaseMetadata, error) {
	out := plain(metadata.TARGETS, s.Version, s.Expires.UnixMilli())
	var paths []string
	for path := range s.Targets {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		t := s.Targets[path]
		var c Custom
		if t == nil || t.Custom == nil {
			return nil, fmt.Errorf("%s does not say which system it is for", path)
		}
		if err := json.Unmarshal(*t.Custom, &c); err != nil {
			return nil, fmt.Errorf("reading what %s is for: %w", path, err)
		}
		out.Files = append(out.Files, &trustv1.ReleaseFile{
			Path: path, Length: uint64(t.Length), Sha256: t.Hashes["sha256"], //nolint:gosec // never negative
			Os: c.OS, Arch: c.Arch, Release: c.Version, Built: c.Built,
		})
	}
	return out, nil
}

// ErrDiffer means that the two forms of one release do not say the same.
var ErrDiffer = errors.New("the two forms of the metadata do not say the same")

// Same compares what the last Update took with the compact form, whose
// signatures are not asked: which roles hold from when to when, who may sign,
// and each program with all that is said of it.
func (s *Store) Same(b *trustv1.ReleaseBundle) error {
	if s.now == nil {
		return errors.New("no metadata was taken")
	}
	roots := b.GetRoots()
	if len(roots) == 0 {
		return fmt.Errorf("%w: the compact one has no root", ErrDiffer)
	}
	return errors.Join(
		same(s.now.Root, roots[len(roots)-1]), same(s.now.Timestamp, b.GetTimestamp()),
		same(s.now.Snapshot, b.GetSnapshot()), same(s.now.Targets[metadata.TARGETS], b.GetTargets()))
}

func same[T metadata.Roles](m *metadata.Metadata[T], s *trustv1.SignedRelease) error {
	want, err := Compact(m)
	if err != nil {
		return fmt.Errorf("%w: %w", release.ErrMalformed, err)
	}
	got := &trustv1.ReleaseMetadata{}
	if err := proto.Unmarshal(s.GetPayload(), got); err != nil {
		return fmt.Errorf("%w: %w", release.ErrMalformed, err)
	}
	slices.SortFunc(got.Files, func(a, b *trustv1.ReleaseFile) int { return strings.Compare(a.GetPath(), b.GetPath()) })
	if want.GetRole() == trustv1.ReleaseRole_RELEASE_ROLE_TIMESTAMP || want.GetRole() == trustv1.ReleaseRole_RELEASE_ROLE_SNAPSHOT {
		got.Files = nil
	}
	if !proto.Equal(want, got) {
		return fmt.Errorf("%w: %s version %d, and version %d", ErrDiffer, want.GetRole(), want.GetVersion(), got.GetVersion())
	}
	return nil
}
