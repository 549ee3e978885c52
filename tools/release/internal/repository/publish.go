package repository

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"google.golang.org/protobuf/proto"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/release/tuf"
	"github.com/osiriscare/osiris/shared/signed"
)

// Program is a file with what it is for.
type Program struct {
	// Path in the targets folder, with forward slashes.
	Path    string
	Content []byte
	tuf.Custom
}

// Targets prepares the next targets metadata, unsigned: the former's programs but
// those of the same systems, and these.
func (r *Repository) Targets(expires time.Time, programs ...Program) (version int64, err error) {
	before, err := r.latest(metadata.TARGETS)
	if err != nil {
		return 0, err
	}
	m := metadata.Targets(expires.UTC().Truncate(time.Second))
	m.Signed.Version = before + 1
	if before > 0 {
		old, err := load[metadata.TargetsType](r, metadata.TARGETS, before)
		if err != nil {
			return 0, err
		}
		m.Signed.Targets = old.tuf.Signed.Targets
	}
	for _, p := range programs {
		if err := r.add(m, p); err != nil {
			return 0, fmt.Errorf("adding %s: %w", p.Path, err)
		}
	}
	p, err := newPair(m)
	if err != nil {
		return 0, err
	}
	return before + 1, p.save(r, metadata.TARGETS, before+1)
}

func (r *Repository) add(m *metadata.Metadata[metadata.TargetsType], p Program) error {
	if !fs.ValidPath(p.Path) || p.OS == "" || p.Arch == "" || p.Version == "" || p.Built <= 0 {
		return errors.New("path, system, architecture, version and time of the build are needed")
	}
	for path, t := range m.Signed.Targets {
		var c tuf.Custom
		if t.Custom == nil || json.Unmarshal(*t.Custom, &c) != nil || (c.OS == p.OS && c.Arch == p.Arch) {
			delete(m.Signed.Targets, path)
		}
	}
	custom, err := json.Marshal(p.Custom)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(p.Content)
	raw := json.RawMessage(custom)
	m.Signed.Targets[p.Path] = &metadata.TargetFiles{
		Length: int64(len(p.Content)), Hashes: metadata.Hashes{"sha256": sum[:]}, Custom: &raw, Path: p.Path,
	}
	path := filepath.Join(r.dir, targetsDir, filepath.FromSlash(p.Path))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return write(path, p.Content)
}

// Sign adds a key's signature to the newest root or targets metadata.
func (r *Repository) Sign(role string, key *signed.Key) error {
	version, err := r.latest(role)
	if err == nil && version == 0 {
		err = errors.New("there is none to sign")
	}
	if err == nil {
		switch role {
		case metadata.ROOT:
			err = signOne[metadata.RootType](r, role, version, key)
		case metadata.TARGETS:
			err = signOne[metadata.TargetsType](r, role, version, key)
		default:
			err = errors.New("only root and targets are signed by hand")
		}
	}
	if err != nil {
		return fmt.Errorf("signing %s: %w", role, err)
	}
	return nil
}

func signOne[T metadata.Roles](r *Repository, role string, version int64, key *signed.Key) error {
	p, err := load[T](r, role, version)
	if err == nil {
		err = p.sign(key)
	}
	if err != nil {
		return err
	}
	return p.save(r, role, version)
}

// Online are the keys and life times of what Publish makes.
type Online struct {
	Snapshot, Timestamp               *signed.Key
	SnapshotExpires, TimestampExpires time.Time
}

// Publish makes snapshot and timestamp for the newest targets, lets both judges
// read everything, and writes the bundle.
func (r *Repository) Publish(o Online, now time.Time) error {
	targets, version, err := newest[metadata.TargetsType](r, metadata.TARGETS)
	if err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	snapshot, number, err := r.snapshot(o, targets, version)
	if err != nil {
		return fmt.Errorf("making snapshot: %w", err)
	}
	timestamp, err := r.timestamp(o, snapshot, number)
	if err != nil {
		return fmt.Errorf("making timestamp: %w", err)
	}
	bundle := &trustv1.ReleaseBundle{Timestamp: timestamp.compact, Snapshot: snapshot.compact, Targets: targets.compact}
	roots, err := r.latest(metadata.ROOT)
	if err != nil {
		return err
	}
	for v := int64(1); v <= roots; v++ {
		root, err := load[metadata.RootType](r, metadata.ROOT, v)
		if err != nil {
			return err
		}
		bundle.Roots = append(bundle.Roots, root.compact)
	}
	encoded, err := proto.Marshal(bundle)
	if err != nil {
		return err
	}
	if err := r.judge(encoded, now); err != nil {
		return fmt.Errorf("judging what is to be published: %w", err)
	}
	return write(filepath.Join(r.dir, bundleFile), encoded)
}

func newest[T metadata.Roles](r *Repository, role string) (*pair[T], int64, error) {
	version, err := r.latest(role)
	if err != nil {
		return nil, 0, err
	}
	p, err := load[T](r, role, version)
	return p, version, err
}

func (r *Repository) snapshot(o Online, targets *pair[metadata.TargetsType], version int64) (*pair[metadata.SnapshotType], int64, error) {
	before, err := r.latest(metadata.SNAPSHOT)
	if err != nil {
		return nil, 0, err
	}
	m := metadata.Snapshot(o.SnapshotExpires.UTC().Truncate(time.Second))
	m.Signed.Version = before + 1
	if m.Signed.Meta["targets.json"], err = r.named(metadata.TARGETS, version); err != nil {
		return nil, 0, err
	}
	p, err := naming(m, metadata.TARGETS, version, targets.compact)
	if err == nil {
		err = p.sign(o.Snapshot)
	}
	if err != nil {
		return nil, 0, err
	}
	return p, before + 1, p.save(r, metadata.SNAPSHOT, before+1)
}

func (r *Repository) timestamp(o Online, snapshot *pair[metadata.SnapshotType], version int64) (*pair[metadata.TimestampType], error) {
	m := metadata.Timestamp(o.TimestampExpires.UTC().Truncate(time.Second))
	m.Signed.Version = 1
	if old, err := (&metadata.Metadata[metadata.TimestampType]{}).FromFile(r.jsonPath(metadata.TIMESTAMP, 0)); err == nil {
		m.Signed.Version = old.Signed.Version + 1
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var err error
	if m.Signed.Meta["snapshot.json"], err = r.named(metadata.SNAPSHOT, version); err != nil {
		return nil, err
	}
	p, err := naming(m, metadata.SNAPSHOT, version, snapshot.compact)
	if err == nil {
		err = p.sign(o.Timestamp)
	}
	if err != nil {
		return nil, err
	}
	return p, p.save(r, metadata.TIMESTAMP, 0)
}

// named is how TUF's form names a file of metadata.
func (r *Repository) named(role string, version int64) (*metadata.MetaFiles, error) {
	content, err := os.ReadFile(r.jsonPath(role, version))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	return &metadata.MetaFiles{Version: version, Length: int64(len(content)), Hashes: metadata.Hashes{"sha256": sum[:]}}, nil
}

// naming is a pair whose compact form names the one below it.
func naming[T metadata.Roles](m *metadata.Metadata[T], below string, version int64, of *trustv1.SignedRelease) (*pair[T], error) {
	said, err := tuf.Compact(m)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(of.GetPayload())
	said.Files = []*trustv1.ReleaseFile{{
		Path: below, Version: uint64(version), Length: uint64(len(of.GetPayload())), Sha256: sum[:], //nolint:gosec // from 1
	}}
	payload, err := proto.MarshalOptions{Deterministic: true}.Marshal(said)
	if err != nil {
		return nil, err
	}
	return &pair[T]{m, &trustv1.SignedRelease{Payload: payload}}, nil
}
