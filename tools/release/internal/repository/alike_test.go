package repository

import (
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"google.golang.org/protobuf/proto"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/release"
	"github.com/osiriscare/osiris/shared/release/tuf"
	"github.com/osiriscare/osiris/shared/signed"
)

// start is when the vendor of these tests begins; nothing here asks the clock. In
// the very millisecond of an expiry the two differ: the specification (5.4.4) and
// shared/release say expired, go-tuf 2.4.2 does not yet.
var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// vendor has a repository in both forms and one client of each judge.
type vendor struct {
	t    *testing.T
	repo *Repository
	now  time.Time
	keys map[string][]*signed.Key
	tuf  *tuf.Store // as the appliance judges
	ours *release.Store
}

func key(t *testing.T) *signed.Key {
	t.Helper()
	k, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newVendor(t *testing.T) *vendor {
	v := &vendor{t: t, now: start, keys: map[string][]*signed.Key{}}
	r, err := Open(t.TempDir())
	v.must(err)
	v.repo = r
	for role, n := range map[string]int{"root": 3, "targets": 3, "snapshot": 1, "timestamp": 1} {
		for range n {
			v.keys[role] = append(v.keys[role], key(t))
		}
	}
	v.root(start.Add(365*day), v.keys["root"][:2]...)
	v.release("1.0.0", 1000)
	v.publish()
	v.must(err)
	root, err := load[metadata.RootType](v.repo, "root", 1)
	v.must(err)
	anchor, err := rootKeys(&root.tuf.Signed)
	v.must(err)
	v.ours, err = release.Open(anchor, nil)
	v.must(err)
	v.tuf, err = tuf.Open(anchor, nil)
	v.must(err)
	return v
}

func (v *vendor) must(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}

// root makes the next root and lets these keys sign it.
func (v *vendor) root(expires time.Time, signers ...*signed.Key) {
	v.t.Helper()
	s := RootSpec{Expires: expires, Keys: map[string][]ed25519.PublicKey{}, Threshold: map[string]int{"root": 2, "targets": 2, "snapshot": 1, "timestamp": 1}}
	for role, keys := range v.keys {
		for _, k := range keys {
			s.Keys[role] = append(s.Keys[role], k.Public())
		}
	}
	_, err := v.repo.Root(s)
	v.must(err)
	for _, k := range signers {
		v.must(v.repo.Sign("root", k))
	}
}

// release makes the next targets.
func (v *vendor) release(version string, built int64) {
	v.t.Helper()
	_, err := v.repo.Targets(start.Add(90*day), Program{
		Path: "agent/" + version, Content: []byte(version), Custom: tuf.Custom{OS: "linux", Arch: "amd64", Version: version, Built: built},
	})
	v.must(err)
	for _, k := range v.keys["targets"][:2] {
		v.must(v.repo.Sign("targets", k))
	}
}

func (v *vendor) online() Online {
	return Online{
		Snapshot: v.keys["snapshot"][0], Timestamp: v.keys["timestamp"][0],
		SnapshotExpires: start.Add(30 * day), TimestampExpires: start.Add(14 * day),
	}
}

// publish makes snapshot and timestamp, without the judges, who may refuse.
func (v *vendor) publish() { v.publishAs(v.online()) }

func (v *vendor) publishAs(o Online) {
	v.t.Helper()
	if err := v.repo.Publish(o, v.now); err != nil && !judged(err) {
		v.t.Fatal(err)
	}
}

func judged(err error) bool { return class(err) != "other" }

// bundle is what an agent gets: the newest files of the compact folder.
func (v *vendor) bundle() []byte {
	v.t.Helper()
	b := &trustv1.ReleaseBundle{Timestamp: v.compact("timestamp", 0)}
	roots, err := v.repo.latest("root")
	v.must(err)
	for n := int64(1); n <= roots; n++ {
		b.Roots = append(b.Roots, v.compact("root", n))
	}
	snapshot, err := v.repo.latest("snapshot")
	v.must(err)
	b.Snapshot = v.compact("snapshot", snapshot)
	targets, err := v.repo.latest("targets")
	v.must(err)
	b.Targets = v.compact("targets", targets)
	encoded, err := proto.Marshal(b)
	v.must(err)
	return encoded
}

func (v *vendor) compact(role string, version int64) *trustv1.SignedRelease {
	v.t.Helper()
	content, err := os.ReadFile(v.repo.compactPath(role, version))
	v.must(err)
	out := &trustv1.SignedRelease{}
	v.must(proto.Unmarshal(content, out))
	return out
}

// class is what both judges call a refusal.
func class(err error) string {
	switch {
	case err == nil:
		return "taken"
	case errors.Is(err, release.ErrUnsigned):
		return "unsigned"
	case errors.Is(err, release.ErrVersion):
		return "version"
	case errors.Is(err, release.ErrExpired):
		return "expired"
	case errors.Is(err, release.ErrMismatch):
		return "mismatch"
	case errors.Is(err, release.ErrMalformed):
		return "malformed"
	}
	return "other"
}

// judge asks both.
func (v *vendor) judge(want string) {
	v.t.Helper()
	theirs := v.tuf.Update(os.DirFS(v.repo.dir), v.now)
	if got := class(theirs); got != want {
		v.t.Errorf("go-tuf: %s (%v); want %s", got, theirs, want)
	}
	if theirs == nil {
		said := &trustv1.ReleaseBundle{}
		v.must(proto.Unmarshal(v.bundle(), said))
		v.must(v.tuf.Same(said))
	}
	ours := v.ours.Update(v.bundle(), v.now.UnixMilli())
	if got := class(ours); got != want {
		v.t.Errorf("shared/release: %s (%v); want %s", got, ours, want)
	}
	// As an agent that was started again.
	again, err := release.Open(nil, v.ours.Kept())
	v.must(err)
	v.ours = again
	kept, err := v.tuf.Kept()
	v.must(err)
	v.tuf, err = tuf.Open(nil, kept)
	v.must(err)
}

// change rewrites one role's metadata in both forms and signs it anew.
func change[T metadata.Roles](v *vendor, role string, version int64, edit func(m *metadata.Metadata[T], c *trustv1.ReleaseMetadata), signers ...*signed.Key) {
	v.t.Helper()
	p, err := load[T](v.repo, role, version)
	v.must(err)
	said := &trustv1.ReleaseMetadata{}
	v.must(proto.Unmarshal(p.compact.GetPayload(), said))
	edit(p.tuf, said)
	payload, err := proto.Marshal(said)
	v.must(err)
	p.tuf.ClearSignatures()
	p.compact = &trustv1.SignedRelease{Payload: payload}
	for _, k := range signers {
		v.must(p.sign(k))
	}
	v.must(p.save(v.repo, role, version))
}

// spoil changes a byte of both forms of a file.
func (v *vendor) spoil(role string, version int64) {
	v.t.Helper()
	for _, path := range []string{v.repo.jsonPath(role, version), v.repo.compactPath(role, version)} {
		content, err := os.ReadFile(path)
		v.must(err)
		if filepath.Ext(path) == ".json" {
			content = []byte(string(content) + " ") // the content that was named, not what it says
		} else {
			s := &trustv1.SignedRelease{}
			v.must(proto.Unmarshal(content, s))
			s.Payload = append(s.Payload, 0x30, 0) // a field that nobody knows
			content, err = proto.Marshal(s)
			v.must(err)
		}
		v.must(os.WriteFile(path, content, 0o600))
	}
}

func TestBothJudgesSayTheSame(t *testing.T) {
	for _, c := range []struct {
		name string
		then func(v *vendor) // after a first good update
		want string
	}{
		{"nothing new", func(*vendor) {}, "taken"},
		{"a newer program", func(v *vendor) { v.release("1.1.0", 2000); v.publish() }, "taken"},
		{"a timestamp alone", func(v *vendor) { v.publish() }, "taken"},
		{"a timestamp by another key", func(v *vendor) {
			o := v.online()
			o.Timestamp = key(v.t)
			v.publishAs(o)
		}, "unsigned"},
		{"a timestamp by the snapshot's key", func(v *vendor) {
			o := v.online()
			o.Timestamp = o.Snapshot
			v.publishAs(o)
		}, "unsigned"},
		{"a snapshot by another key", func(v *vendor) {
			o := v.online()
			o.Snapshot = key(v.t)
			v.publishAs(o)
		}, "unsigned"},
		{"targets with one signature", func(v *vendor) {
			_, err := v.repo.Targets(start.Add(90 * day))
			v.must(err)
			v.must(v.repo.Sign("targets", v.keys["targets"][0]))
			v.publish()
		}, "unsigned"},
		{"targets signed by a root key and one of its own", func(v *vendor) {
			_, err := v.repo.Targets(start.Add(90 * day))
			v.must(err)
			v.must(v.repo.Sign("targets", v.keys["targets"][0]))
			v.must(v.repo.Sign("targets", v.keys["root"][0]))
			v.publish()
		}, "unsigned"},
		{"an expired timestamp", func(v *vendor) { v.now = start.Add(14*day + time.Second) }, "expired"},
		{"a timestamp in its last second", func(v *vendor) { v.now = start.Add(14*day - time.Second) }, "taken"},
		{"an expired snapshot", func(v *vendor) {
			v.now = start.Add(30*day + time.Second)
			o := v.online()
			o.TimestampExpires = start.Add(60 * day)
			v.publishAs(o)
		}, "expired"},
		{"expired targets", func(v *vendor) {
			v.now = start.Add(90*day + time.Second)
			o := v.online()
			o.TimestampExpires, o.SnapshotExpires = start.Add(100*day), start.Add(100*day)
			v.publishAs(o)
		}, "expired"},
		{"an expired root", func(v *vendor) {
			v.root(start.Add(2*day), v.keys["root"]...)
			v.now = start.Add(2*day + time.Second)
		}, "expired"},
		{"an older timestamp", func(v *vendor) {
			change(v, "timestamp", 0, func(m *metadata.Metadata[metadata.TimestampType], c *trustv1.ReleaseMetadata) {
				m.Signed.Version, c.Version = 1, 1
			}, v.keys["timestamp"]...)
		}, "version"},
		{"a newer timestamp with an older snapshot", func(v *vendor) {
			change(v, "timestamp", 0, func(m *metadata.Metadata[metadata.TimestampType], c *trustv1.ReleaseMetadata) {
				m.Signed.Version, c.Version = 9, 9
				m.Signed.Meta["snapshot.json"].Version, c.Files[0].Version = 1, 1
			}, v.keys["timestamp"]...)
		}, "version"},
		{"a timestamp that names another version of the snapshot", func(v *vendor) {
			change(v, "timestamp", 0, func(m *metadata.Metadata[metadata.TimestampType], c *trustv1.ReleaseMetadata) {
				m.Signed.Version, c.Version = 9, 9
				m.Signed.Meta["snapshot.json"].Version, c.Files[0].Version = 9, 9
			}, v.keys["timestamp"]...)
		}, "version"},
		{"a snapshot that is not the one named", func(v *vendor) { v.spoil("snapshot", 2) }, "mismatch"},
		{"targets that are not the ones named", func(v *vendor) { v.spoil("targets", 2) }, "mismatch"},
		{"a root of new keys, signed by old and new", func(v *vendor) {
			old := v.keys["root"]
			v.keys["root"] = []*signed.Key{key(v.t), key(v.t), key(v.t)}
			v.root(start.Add(400*day), old[0], old[2], v.keys["root"][0], v.keys["root"][1])
		}, "taken"},
		{"two rotations at once", func(v *vendor) {
			for range 2 {
				old := v.keys["root"]
				v.keys["root"] = []*signed.Key{key(v.t), key(v.t), key(v.t)}
				v.root(start.Add(400*day), old[0], old[2], v.keys["root"][0], v.keys["root"][1])
			}
			v.publish()
		}, "taken"},
		{"a root of new keys that the old did not sign", func(v *vendor) {
			v.keys["root"] = []*signed.Key{key(v.t), key(v.t), key(v.t)}
			v.root(start.Add(400*day), v.keys["root"][0], v.keys["root"][1])
		}, "unsigned"},
		{"a root of new keys that only the old signed", func(v *vendor) {
			old := v.keys["root"]
			v.keys["root"] = []*signed.Key{key(v.t), key(v.t), key(v.t)}
			v.root(start.Add(400*day), old...)
		}, "unsigned"},
		{"a root by one key", func(v *vendor) { v.root(start.Add(400*day), v.keys["root"][0]) }, "unsigned"},
		{"a root that leaves a version out", func(v *vendor) {
			v.root(start.Add(400*day), v.keys["root"]...)
			v.root(start.Add(400*day), v.keys["root"]...)
			for _, path := range []string{v.repo.jsonPath("root", 2), v.repo.compactPath("root", 2)} {
				content, err := os.ReadFile(filepath.Join(filepath.Dir(path), "3"+filepath.Base(path)[1:]))
				v.must(err)
				v.must(os.WriteFile(path, content, 0o600))
			}
		}, "version"},
		{"a new timestamp key, and still the old timestamp", func(v *vendor) {
			v.keys["timestamp"] = []*signed.Key{key(v.t)}
			v.root(start.Add(400*day), v.keys["root"]...)
		}, "unsigned"},
		{"a new timestamp key, after versions were driven up", func(v *vendor) {
			change(v, "timestamp", 0, func(m *metadata.Metadata[metadata.TimestampType], c *trustv1.ReleaseMetadata) {
				m.Signed.Version, c.Version = 1<<40, 1<<40
			}, v.keys["timestamp"]...)
			v.judge("taken")
			v.keys["timestamp"] = []*signed.Key{key(v.t)}
			v.root(start.Add(400*day), v.keys["root"]...)
			change(v, "timestamp", 0, func(m *metadata.Metadata[metadata.TimestampType], c *trustv1.ReleaseMetadata) {
				m.Signed.Version, c.Version = 3, 3
			}, v.keys["timestamp"]...)
		}, "taken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newVendor(t)
			v.release("1.0.1", 1001)
			v.publish()
			v.judge("taken")
			c.then(v)
			v.judge(c.want)
		})
	}
}
