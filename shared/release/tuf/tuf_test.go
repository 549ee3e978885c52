package tuf_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/release"
	"github.com/osiriscare/osiris/shared/release/releasetest"
	"github.com/osiriscare/osiris/shared/release/tuf"
	"github.com/osiriscare/osiris/shared/release/tuf/tuftest"
	"github.com/osiriscare/osiris/shared/signed"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// rig is a vendor, its folder, and a client.
type rig struct {
	t      *testing.T
	vendor *releasetest.Repository
	dir    string
	store  *tuf.Store
	former []*signed.Key
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, vendor: releasetest.New(t), dir: t.TempDir()}
	r.vendor.Add("agent/b", []byte("b"), "1.0.0", 1000, "linux", "amd64")
	r.vendor.Add("agent/a", []byte("a"), "1.0.0", 1000, "windows", "amd64")
	var err error
	if r.store, err = tuf.Open(r.vendor.Keys(), nil); err != nil {
		t.Fatal(err)
	}
	return r
}

// update publishes and lets the client take it.
func (r *rig) update() error {
	r.t.Helper()
	tuftest.Write(r.t, r.vendor, r.dir, r.former...)
	return r.store.Update(os.DirFS(r.dir), now)
}

// again is the client after a restart.
func (r *rig) again() {
	r.t.Helper()
	kept, err := r.store.Kept()
	if err == nil {
		r.store, err = tuf.Open(r.vendor.Keys(), kept)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) expect(want error) {
	r.t.Helper()
	if err := r.update(); !errors.Is(err, want) {
		r.t.Fatalf("Update = %v; want %v", err, want)
	}
}

// rotate gives the root new keys.
func (r *rig) rotate() {
	r.former = append(r.former, r.vendor.Root.Keys...)
	old := r.vendor.Root.Keys
	r.vendor.Root.Version++
	r.vendor.Root.Keys = []*signed.Key{releasetest.Key(r.t), releasetest.Key(r.t), releasetest.Key(r.t)}
	r.vendor.PublishRoot(old[:2]...)
}

func TestBothFormsOfAReleaseSayTheSame(t *testing.T) {
	r := newRig(t)
	r.expect(nil)
	if err := r.store.Same(r.vendor.Message(0)); err != nil {
		t.Fatalf("Same = %v", err)
	}
	r.rotate()
	r.vendor.Bump()
	r.expect(nil)
	if err := r.store.Same(r.vendor.Message(1)); err != nil {
		t.Errorf("Same after a rotation = %v", err)
	}
}

func TestFormsThatDifferAreRefused(t *testing.T) {
	for name, change := range map[string]func(v *releasetest.Repository){
		"another program":            func(v *releasetest.Repository) { v.Targets.Files[0].Sha256 = v.Targets.Files[1].Sha256 },
		"another length":             func(v *releasetest.Repository) { v.Targets.Files[0].Length++ },
		"another system":             func(v *releasetest.Repository) { v.Targets.Files[0].Os = "darwin" },
		"another architecture":       func(v *releasetest.Repository) { v.Targets.Files[0].Arch = "arm64" },
		"another time of the build":  func(v *releasetest.Repository) { v.Targets.Files[0].Built++ },
		"another name of a version":  func(v *releasetest.Repository) { v.Targets.Files[0].Release = "9" },
		"one more program":           func(v *releasetest.Repository) { v.Add("agent/c", nil, "1", 1, "linux", "arm64") },
		"one program less":           func(v *releasetest.Repository) { v.Targets.Files = v.Targets.Files[1:] },
		"an older targets":           func(v *releasetest.Repository) { v.Targets.Version-- },
		"an older snapshot":          func(v *releasetest.Repository) { v.Snapshot.Version-- },
		"an older timestamp":         func(v *releasetest.Repository) { v.Timestamp.Version-- },
		"a longer life":              func(v *releasetest.Repository) { v.Timestamp.ExpiresMs++ },
		"other keys for the targets": func(v *releasetest.Repository) { v.Targets.Keys = v.Root.Keys[:2]; v.Roots = nil; v.PublishRoot() },
		"no root at all":             func(v *releasetest.Repository) { v.Roots = nil },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.vendor.Timestamp.Version, r.vendor.Snapshot.Version, r.vendor.Targets.Version = 5, 5, 5
			r.expect(nil)
			change(r.vendor)
			if err := r.store.Same(r.vendor.Message(0)); !errors.Is(err, tuf.ErrDiffer) {
				t.Errorf("Same = %v; want ErrDiffer", err)
			}
		})
	}
}

func TestNothingIsTheSameAsMetadataThatWasNotTaken(t *testing.T) {
	r := newRig(t)
	r.vendor.Timestamp.ExpiresMs = 1
	r.expect(release.ErrExpired)
	if err := r.store.Same(r.vendor.Message(0)); err == nil {
		t.Error("Same = nil")
	}
}

func TestOlderMetadataIsRefusedAfterARestart(t *testing.T) {
	for name, older := range map[string]*uint64{"timestamp": nil, "snapshot": nil} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			older = map[string]*uint64{"timestamp": &r.vendor.Timestamp.Version, "snapshot": &r.vendor.Snapshot.Version}[name]
			r.vendor.Timestamp.Version, r.vendor.Snapshot.Version, r.vendor.Targets.Version = 5, 5, 5
			r.expect(nil)
			r.again()
			r.vendor.Bump()
			*older = 4
			r.expect(release.ErrVersion)
		})
	}
}

func TestARotatedRootIsFollowedAndKept(t *testing.T) {
	r := newRig(t)
	r.expect(nil)
	r.rotate()
	r.rotate()
	r.vendor.Timestamp.ExpiresMs = 1 // what comes after the roots is refused
	r.vendor.Bump()
	r.expect(release.ErrExpired)
	r.again()
	// What the first keys alone sign is nothing any more.
	r.vendor.Root.Version++
	r.vendor.Root.Signers = r.former[:3]
	r.vendor.PublishRoot()
	r.vendor.Timestamp.ExpiresMs = releasetest.Far
	r.expect(release.ErrUnsigned)
}

func TestAClientOfNewKeysStartsAtTheirRoot(t *testing.T) {
	r := newRig(t)
	r.rotate()
	var err error
	if r.store, err = tuf.Open(r.vendor.Keys(), nil); err != nil {
		t.Fatal(err)
	}
	r.expect(nil)
	other := newRig(t)
	r.store = other.store
	r.expect(release.ErrUnsigned)
}

func TestAFolderThatLacksAFileIsRefused(t *testing.T) {
	for _, file := range []string{"1.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json", "."} {
		t.Run(file, func(t *testing.T) {
			r := newRig(t)
			tuftest.Write(t, r.vendor, r.dir)
			if err := os.RemoveAll(filepath.Join(r.dir, tuf.Dir, file)); file != "." && err != nil {
				t.Fatal(err)
			} else if file == "." {
				r.dir = t.TempDir()
			}
			if err := r.store.Update(os.DirFS(r.dir), now); err == nil {
				t.Error("Update = nil")
			}
		})
	}
}

func TestKeptMetadataThatIsDamagedIsAnError(t *testing.T) {
	for _, kept := range []string{"x", "{}", `{"Root":"e30="}`} {
		if _, err := tuf.Open(nil, []byte(kept)); err == nil {
			t.Errorf("Open(%s) = nil", kept)
		}
	}
}

// Foreign bytes stand in for each file in turn.
func FuzzUpdate(f *testing.F) {
	vendor, dir := releasetest.New(f), f.TempDir()
	vendor.Add("agent/a", []byte("a"), "1.0.0", 1000, "linux", "amd64")
	tuftest.Write(f, vendor, dir)
	good := fstest.MapFS{}
	names := []string{"1.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"}
	for i, name := range names {
		content, err := os.ReadFile(filepath.Join(dir, tuf.Dir, name))
		if err != nil {
			f.Fatal(err)
		}
		good["metadata/"+name] = &fstest.MapFile{Data: content}
		f.Add(uint8(i), content)
		f.Add(uint8(i), []byte(`{"signatures":[null],"signed":{"_type":"timestamp","meta":{"snapshot.json":null}}}`))
	}
	anchor := vendor.Keys()
	f.Fuzz(func(t *testing.T, which uint8, content []byte) {
		files := fstest.MapFS{}
		for name, file := range good {
			files[name] = file
		}
		files["metadata/"+names[int(which)%len(names)]] = &fstest.MapFile{Data: content}
		s, err := tuf.Open(anchor, nil)
		if err != nil {
			t.Fatal(err)
		}
		if s.Update(files, now) == nil {
			_ = s.Same(&trustv1.ReleaseBundle{})
		}
		if kept, err := s.Kept(); err != nil {
			t.Error(err)
		} else if _, err := tuf.Open(anchor, kept); err != nil {
			t.Errorf("what was taken does not open again: %v", err)
		}
	})
}
