package release_test

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/release"
	"github.com/osiriscare/osiris/shared/release/releasetest"
	"github.com/osiriscare/osiris/shared/signed"
)

const now = 1_800_000_000_000

// open is a store that trusts the vendor's keys alone.
func open(t *testing.T, r *releasetest.Repository) *release.Store {
	t.Helper()
	s, err := release.Open(r.Keys(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// update takes the repository as it stands, and expects want.
func update(t *testing.T, s *release.Store, r *releasetest.Repository, want error) {
	t.Helper()
	if err := s.Update(r.Bundle(s.RootVersion()), now); !errors.Is(err, want) {
		t.Fatalf("Update = %v; want %v", err, want)
	}
}

func program(r *releasetest.Repository) {
	r.Add("agent", []byte("program"), "1.2.3", 1_700_000_000, "linux", "amd64")
}

func TestGoodMetadataNamesItsFiles(t *testing.T) {
	r := releasetest.New(t)
	program(r)
	s := open(t, r)
	update(t, s, r, nil)
	for range 2 { // the second time as kept
		files, err := s.Files(now)
		if err != nil || len(files) != 1 {
			t.Fatalf("Files = %v, %v; want one", files, err)
		}
		f := files[0]
		if f.Path != "agent" || f.Length != 7 || f.Release != "1.2.3" || f.Built != 1_700_000_000 || f.OS != "linux" || f.Arch != "amd64" {
			t.Errorf("the file is %+v", f)
		}
		if s, err = release.Open(r.Keys(), s.Kept()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFalseMetadataIsRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(r *releasetest.Repository)
		want  error
	}{
		{"a timestamp by another key", func(r *releasetest.Repository) { r.Timestamp.Signers = []*signed.Key{releasetest.Key(t)} }, release.ErrUnsigned},
		{"a timestamp by the snapshot's key", func(r *releasetest.Repository) { r.Timestamp.Signers = r.Snapshot.Keys }, release.ErrUnsigned},
		{"a snapshot by another key", func(r *releasetest.Repository) { r.Snapshot.Signers = []*signed.Key{releasetest.Key(t)} }, release.ErrUnsigned},
		{"targets with one of two signatures", func(r *releasetest.Repository) { r.Targets.Signers = r.Targets.Keys[:1] }, release.ErrUnsigned},
		{"targets with one signature twice", func(r *releasetest.Repository) {
			r.Targets.Signers = []*signed.Key{r.Targets.Keys[0], r.Targets.Keys[0]}
		}, release.ErrUnsigned},
		{"an expired timestamp", func(r *releasetest.Repository) { r.Timestamp.ExpiresMs = now }, release.ErrExpired},
		{"an expired snapshot", func(r *releasetest.Repository) { r.Snapshot.ExpiresMs = now }, release.ErrExpired},
		{"expired targets", func(r *releasetest.Repository) { r.Targets.ExpiresMs = now }, release.ErrExpired},
		{"an expired root", func(r *releasetest.Repository) {
			r.Root.Version, r.Root.ExpiresMs = 2, now
			r.PublishRoot()
		}, release.ErrExpired},
		{"an older timestamp", func(r *releasetest.Repository) { r.Timestamp.Version = 4 }, release.ErrVersion},
		{"an older snapshot under a newer timestamp", func(r *releasetest.Repository) { r.Snapshot.Version = 4 }, release.ErrVersion},
		{"older targets under a newer snapshot", func(r *releasetest.Repository) { r.Targets.Version = 4 }, release.ErrVersion},
		{"a root by one of three keys", func(r *releasetest.Repository) {
			r.Root.Version, r.Root.Signers = 2, r.Root.Keys[:1]
			r.PublishRoot()
		}, release.ErrUnsigned},
		{"a root of new keys that the old did not sign", func(r *releasetest.Repository) {
			r.Root.Version, r.Root.Keys = 2, []*signed.Key{releasetest.Key(t), releasetest.Key(t)}
			r.PublishRoot()
		}, release.ErrUnsigned},
		{"a root of new keys that only the old signed", func(r *releasetest.Repository) {
			old := r.Root.Keys
			r.Root.Version, r.Root.Keys, r.Root.Signers = 2, []*signed.Key{releasetest.Key(t), releasetest.Key(t)}, old
			r.PublishRoot()
		}, release.ErrUnsigned},
		{"a root that leaves a version out", func(r *releasetest.Repository) {
			r.Root.Version = 3
			r.PublishRoot()
		}, release.ErrVersion},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := releasetest.New(t)
			program(r)
			r.Timestamp.Version, r.Snapshot.Version, r.Targets.Version = 5, 5, 5
			s := open(t, r)
			update(t, s, r, nil)
			r.Bump()
			c.spoil(r)
			update(t, s, r, c.want)
		})
	}
}

func TestTamperedBytesAreRefused(t *testing.T) {
	r := releasetest.New(t)
	program(r)
	good := r.Message(0)
	for name, part := range map[string]func(b *trustv1.ReleaseBundle) *trustv1.SignedRelease{
		"root":      func(b *trustv1.ReleaseBundle) *trustv1.SignedRelease { return b.GetRoots()[0] },
		"timestamp": (*trustv1.ReleaseBundle).GetTimestamp,
		"snapshot":  (*trustv1.ReleaseBundle).GetSnapshot,
		"targets":   (*trustv1.ReleaseBundle).GetTargets,
	} {
		t.Run(name, func(t *testing.T) {
			for i := range part(good).GetPayload() {
				b := proto.CloneOf(good)
				part(b).Payload[i] ^= 1
				if err := open(t, r).Update(releasetest.Encode(t, b), now); err == nil {
					t.Errorf("byte %d of the %s was changed and it was taken", i, name)
				}
			}
		})
	}
}

// rotate gives every role new keys.
func rotate(t *testing.T, r *releasetest.Repository) {
	old := r.Root.Keys
	r.Root.Version++
	r.Root.Keys = []*signed.Key{releasetest.Key(t), releasetest.Key(t), releasetest.Key(t)}
	r.Timestamp.Keys, r.Snapshot.Keys = []*signed.Key{releasetest.Key(t)}, []*signed.Key{releasetest.Key(t)}
	r.Targets.Keys = []*signed.Key{releasetest.Key(t), releasetest.Key(t)}
	r.PublishRoot(old[:2]...)
}

func TestARotatedRootIsFollowedAndTheOldKeysEnd(t *testing.T) {
	r := releasetest.New(t)
	program(r)
	anchor := r.Keys()
	s := open(t, r)
	update(t, s, r, nil)
	stolen := r.Timestamp.Keys
	rotate(t, r)
	rotate(t, r)
	r.Bump()
	update(t, s, r, nil)
	if s.RootVersion() != 3 {
		t.Errorf("the root is %d; want 3", s.RootVersion())
	}
	kept, err := release.Open(anchor, s.Kept())
	if err != nil {
		t.Fatalf("a rotated root does not open again: %v", err)
	}
	r.Bump()
	r.Timestamp.Signers = stolen
	update(t, kept, r, release.ErrUnsigned)
	r.Timestamp.Signers = nil
	update(t, kept, r, nil)
}

func TestANewAgentStartsAtTheRootThatItsOwnKeysSigned(t *testing.T) {
	r := releasetest.New(t)
	program(r)
	rotate(t, r)
	s := open(t, r) // its keys are of the second root
	update(t, s, r, nil)
	if s.RootVersion() != 2 {
		t.Errorf("the root is %d; want 2", s.RootVersion())
	}
}

// A stolen timestamp key can drive versions up; a new root leaves that behind.
func TestARotationRecoversFromVersionsDrivenUp(t *testing.T) {
	r := releasetest.New(t)
	program(r)
	s := open(t, r)
	update(t, s, r, nil)
	r.Timestamp.Version, r.Snapshot.Version = 1<<60, 1<<60
	update(t, s, r, nil)
	rotate(t, r)
	r.Timestamp.Version, r.Snapshot.Version, r.Targets.Version = 2, 2, 2
	update(t, s, r, nil)
	if _, err := s.Files(now); err != nil {
		t.Error(err)
	}
}

func TestWhatWasGoodStaysWhenTheRestIsRefused(t *testing.T) {
	r := releasetest.New(t)
	program(r)
	s := open(t, r)
	update(t, s, r, nil)
	rotate(t, r)
	r.Bump()
	r.Timestamp.Signers = []*signed.Key{releasetest.Key(t)}
	update(t, s, r, release.ErrUnsigned)
	if s.RootVersion() != 2 {
		t.Errorf("the root is %d; want 2: a thief of the old keys could go on", s.RootVersion())
	}
	if _, err := s.Files(now); err == nil {
		t.Error("files of the old keys may still be installed")
	}
}

func TestHeldMetadataExpires(t *testing.T) {
	r := releasetest.New(t)
	program(r)
	r.Timestamp.ExpiresMs = now + 10
	s := open(t, r)
	update(t, s, r, nil)
	if _, err := s.Files(now + 9); err != nil {
		t.Error(err)
	}
	if _, err := s.Files(now + 10); !errors.Is(err, release.ErrExpired) {
		t.Errorf("Files = %v; want ErrExpired", err)
	}
}

func TestParseRoots(t *testing.T) {
	r := releasetest.New(t)
	good := r.Anchor()
	if k, err := release.ParseRoots(good); err != nil || k.Threshold != 2 || len(k.Public) != 3 {
		t.Errorf("ParseRoots = %v, %v", k, err)
	}
	if k, err := release.ParseRoots(""); k != nil || err != nil {
		t.Errorf("ParseRoots of nothing = %v, %v; want nil, nil", k, err)
	}
	for name, text := range map[string]string{
		"a threshold of none":       "0" + good[1:],
		"a threshold above the key": "4" + good[1:],
		"one key twice":             good + good[1+64:],
		"no threshold":              good[2:],
		"a short key":               good[:len(good)-2],
		"another alphabet":          good[:len(good)-1] + "g",
		"a weak key":                "1:" + "0100000000000000000000000000000000000000000000000000000000000000",
	} {
		if k, err := release.ParseRoots(text); err == nil {
			t.Errorf("%s: ParseRoots = %v; want an error", name, k)
		}
	}
}

func FuzzUpdate(f *testing.F) {
	r := releasetest.New(f)
	program(r)
	f.Add(r.Bundle(0))
	f.Add([]byte{})
	anchor := r.Keys()
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := release.Open(anchor, nil)
		if err != nil {
			t.Fatal(err)
		}
		if s.Update(b, now) == nil {
			again, err := release.Open(anchor, s.Kept())
			if err != nil || again.RootVersion() != s.RootVersion() {
				t.Errorf("what was taken does not open again: %v", err)
			}
		}
		if s, err := release.Open(anchor, b); err == nil {
			_, _ = s.Files(now) // it must not panic
		}
	})
}
