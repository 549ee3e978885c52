// Package releasetest makes signed update metadata for tests: a Repository has
// its keys, and gives a bundle of whatever state a test has put it in, also a
// false one. Times are Unix milliseconds. It encodes with the standard protobuf
// runtime, so that package release's own decoder meets foreign bytes.
package releasetest

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"testing"

	"google.golang.org/protobuf/proto"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/release"
	"github.com/osiriscare/osiris/shared/signed"
)

// Repository is a vendor's. Roots holds every root published so far.
type Repository struct {
	Root, Timestamp, Snapshot, Targets *Role
	Roots                              []*trustv1.SignedRelease

	t testing.TB
}

// Role is one role's keys and what it says next.
type Role struct {
	Keys      []*signed.Key
	Threshold int
	// Signers are the keys that really sign; nil means Keys.
	Signers   []*signed.Key
	Version   uint64
	ExpiresMs int64
	Files     []*trustv1.ReleaseFile // targets only
}

// Far is an expiry that no test reaches: 2100-01-01.
const Far = 4102444800000

// New makes a repository with root version 1, three root keys of which two sign,
// and no targets.
func New(t testing.TB) *Repository {
	t.Helper()
	r := &Repository{
		t: t, Root: role(t, 3, 2), Timestamp: role(t, 1, 1), Snapshot: role(t, 1, 1), Targets: role(t, 2, 2),
	}
	r.PublishRoot()
	return r
}

func role(t testing.TB, keys, threshold int) *Role {
	r := &Role{Threshold: threshold, Version: 1, ExpiresMs: Far}
	for range keys {
		r.Keys = append(r.Keys, Key(t))
	}
	return r
}

// Key is a new key.
func Key(t testing.TB) *signed.Key {
	t.Helper()
	k, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Anchor is what a program of this vendor has compiled in, as text.
func (r *Repository) Anchor() string { return Anchor(r.Root.Threshold, r.Root.Keys) }

// Anchor is the text that release.ParseRoots takes.
func Anchor(threshold int, keys []*signed.Key) string {
	text := strconv.Itoa(threshold) + ":"
	for i, k := range keys {
		if i > 0 {
			text += ","
		}
		text += hex.EncodeToString(k.Public())
	}
	return text
}

// Keys is Anchor as the judge takes it.
func (r *Repository) Keys() *release.Keys {
	r.t.Helper()
	k, err := release.ParseRoots(r.Anchor())
	if err != nil {
		r.t.Fatal(err)
	}
	return k
}

// PublishRoot signs the root's present state with its keys and also, which a
// rotation needs.
func (r *Repository) PublishRoot(also ...*signed.Key) {
	r.t.Helper()
	m := &trustv1.ReleaseMetadata{Role: trustv1.ReleaseRole_RELEASE_ROLE_ROOT, Version: r.Root.Version, ExpiresMs: r.Root.ExpiresMs}
	for i, of := range []*Role{r.Root, r.Timestamp, r.Snapshot, r.Targets} {
		keys := &trustv1.ReleaseKeys{Role: trustv1.ReleaseRole(i + 1), Threshold: uint32(of.Threshold)}
		for _, k := range of.Keys {
			keys.Keys = append(keys.Keys, k.Public())
		}
		m.Keys = append(m.Keys, keys)
	}
	r.Roots = append(r.Roots, r.sign(m, append(r.Root.signers(), also...)))
}

func (o *Role) signers() []*signed.Key {
	if o.Signers != nil {
		return o.Signers
	}
	return append([]*signed.Key(nil), o.Keys...)
}

// Add names a program in the targets.
func (r *Repository) Add(path string, content []byte, version string, built int64, goos, arch string) {
	sum := sha256.Sum256(content)
	r.Targets.Files = append(r.Targets.Files, &trustv1.ReleaseFile{
		Path: path, Length: uint64(len(content)), Sha256: sum[:], Os: goos, Arch: arch, Release: version, Built: built,
	})
}

// Bump raises the versions of timestamp, snapshot and targets.
func (r *Repository) Bump() {
	r.Timestamp.Version++
	r.Snapshot.Version++
	r.Targets.Version++
}

// Message is the repository as it stands, with the roots after the given one.
func (r *Repository) Message(rootVersion uint64) *trustv1.ReleaseBundle {
	r.t.Helper()
	b := &trustv1.ReleaseBundle{Roots: r.Roots[min(rootVersion, uint64(len(r.Roots))):]}
	b.Targets = r.metadata(trustv1.ReleaseRole_RELEASE_ROLE_TARGETS, r.Targets, r.Targets.Files...)
	b.Snapshot = r.metadata(trustv1.ReleaseRole_RELEASE_ROLE_SNAPSHOT, r.Snapshot, Named("targets", r.Targets.Version, b.Targets))
	b.Timestamp = r.metadata(trustv1.ReleaseRole_RELEASE_ROLE_TIMESTAMP, r.Timestamp, Named("snapshot", r.Snapshot.Version, b.Snapshot))
	return b
}

// Bundle is Message, encoded.
func (r *Repository) Bundle(rootVersion uint64) []byte {
	r.t.Helper()
	return Encode(r.t, r.Message(rootVersion))
}

// Encode is proto.Marshal for tests.
func Encode(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (r *Repository) metadata(role trustv1.ReleaseRole, of *Role, files ...*trustv1.ReleaseFile) *trustv1.SignedRelease {
	return r.sign(&trustv1.ReleaseMetadata{Role: role, Version: of.Version, ExpiresMs: of.ExpiresMs, Files: files}, of.signers())
}

// Named is how a role names the one below it.
func Named(name string, version uint64, below *trustv1.SignedRelease) *trustv1.ReleaseFile {
	sum := sha256.Sum256(below.GetPayload())
	return &trustv1.ReleaseFile{Path: name, Version: version, Length: uint64(len(below.GetPayload())), Sha256: sum[:]}
}

func (r *Repository) sign(m *trustv1.ReleaseMetadata, keys []*signed.Key) *trustv1.SignedRelease {
	r.t.Helper()
	out := &trustv1.SignedRelease{Payload: Encode(r.t, m)}
	for _, k := range keys {
		id := k.ID()
		out.Signatures = append(out.Signatures, &trustv1.ReleaseSignature{KeyId: id[:], Signature: k.Sign(release.Context, out.Payload)})
	}
	return out
}
