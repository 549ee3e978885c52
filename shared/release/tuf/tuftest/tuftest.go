// Package tuftest writes a releasetest.Repository, in whatever state a test has
// put it, as the folder that the release tool makes: the metadata as TUF has it,
// agent.bundle and, from the caller, programs. Nothing is judged on the way.
package tuftest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"
	"google.golang.org/protobuf/proto"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/release/releasetest"
	"github.com/osiriscare/osiris/shared/release/tuf"
	"github.com/osiriscare/osiris/shared/signed"
)

// Write writes the metadata and agent.bundle into dir. Roots of former keys are
// signed by those of also whom the compact root names.
func Write(t testing.TB, r *releasetest.Repository, dir string, also ...*signed.Key) {
	t.Helper()
	w := &writer{t: t, dir: filepath.Join(dir, tuf.Dir), keys: append(also, r.Root.Keys...)}
	for _, root := range r.Roots {
		w.root(root)
	}
	targets := metadata.Targets(expiry(r.Targets))
	targets.Signed.Version = int64(r.Targets.Version)
	for _, f := range r.Targets.Files {
		custom, err := json.Marshal(tuf.Custom{OS: f.GetOs(), Arch: f.GetArch(), Version: f.GetRelease(), Built: f.GetBuilt()})
		w.must(err)
		raw := json.RawMessage(custom)
		targets.Signed.Targets[f.GetPath()] = &metadata.TargetFiles{
			Length: int64(f.GetLength()), Hashes: metadata.Hashes{"sha256": f.GetSha256()}, Custom: &raw, Path: f.GetPath(),
		}
	}
	snapshot := metadata.Snapshot(expiry(r.Snapshot))
	snapshot.Signed.Version = int64(r.Snapshot.Version)
	snapshot.Signed.Meta["targets.json"] = save(w, targets, metadata.TARGETS, int64(r.Targets.Version), signers(r.Targets))
	timestamp := metadata.Timestamp(expiry(r.Timestamp))
	timestamp.Signed.Version = int64(r.Timestamp.Version)
	timestamp.Signed.Meta["snapshot.json"] = save(w, snapshot, metadata.SNAPSHOT, int64(r.Snapshot.Version), signers(r.Snapshot))
	save(w, timestamp, metadata.TIMESTAMP, 0, signers(r.Timestamp))
	w.write(filepath.Join(dir, "agent.bundle"), r.Bundle(0))
}

// writer writes one folder.
type writer struct {
	t    testing.TB
	dir  string
	keys []*signed.Key // of roots
}

func (w *writer) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *writer) write(path string, content []byte) {
	w.t.Helper()
	w.must(os.MkdirAll(filepath.Dir(path), 0o700))
	w.must(os.WriteFile(path, content, 0o600))
}

// root writes a root that says what the compact one says, signed by the same keys.
func (w *writer) root(s *trustv1.SignedRelease) {
	w.t.Helper()
	said := &trustv1.ReleaseMetadata{}
	w.must(proto.Unmarshal(s.GetPayload(), said))
	m := metadata.Root(time.UnixMilli(said.GetExpiresMs()).UTC())
	m.Signed.Version = int64(said.GetVersion())
	for i, name := range []string{metadata.ROOT, metadata.TIMESTAMP, metadata.SNAPSHOT, metadata.TARGETS} {
		m.Signed.Roles[name] = &metadata.Role{KeyIDs: []string{}, Threshold: int(said.GetKeys()[i].GetThreshold())}
		for _, public := range said.GetKeys()[i].GetKeys() {
			key, err := metadata.KeyFromPublicKey(ed25519.PublicKey(public))
			w.must(err)
			w.must(m.Signed.AddKey(key, name))
		}
	}
	var by []*signed.Key
	for _, k := range w.keys {
		id := k.ID()
		for _, signature := range s.GetSignatures() {
			if string(signature.GetKeyId()) == string(id[:]) {
				by = append(by, k)
				break
			}
		}
	}
	save(w, m, metadata.ROOT, m.Signed.Version, by)
}

// save signs and writes metadata, and gives how the role above names it.
func save[T metadata.Roles](w *writer, m *metadata.Metadata[T], role string, version int64, by []*signed.Key) *metadata.MetaFiles {
	w.t.Helper()
	for _, k := range by {
		signer, err := signature.LoadED25519Signer(k.Private())
		w.must(err)
		_, err = m.Sign(signer)
		w.must(err)
	}
	content, err := m.ToBytes(true)
	w.must(err)
	w.write(filepath.Join(w.dir, tuf.File(role, version)), content)
	sum := sha256.Sum256(content)
	return &metadata.MetaFiles{Version: version, Length: int64(len(content)), Hashes: metadata.Hashes{"sha256": sum[:]}}
}

func signers(r *releasetest.Role) []*signed.Key {
	if r.Signers != nil {
		return r.Signers
	}
	return r.Keys
}

func expiry(r *releasetest.Role) time.Time { return time.UnixMilli(r.ExpiresMs).UTC() }
