package archive_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/central/internal/archive"
	"github.com/osiriscare/osiris/central/internal/store"
)

var day = time.Date(2026, 11, 22, 23, 59, 0, 0, time.FixedZone("west", -8*3600))

func items() []archive.Item {
	return []archive.Item{
		{Position: 7, Entry: []byte("entry 7"), Bundle: []byte("bundle 7"), Signature: []byte("sig 7")},
		{Position: 8, Entry: []byte("entry 8"), Bundle: []byte(strings.Repeat("bundle 8", 1000)), Signature: nil},
	}
}

func row(i archive.Item, name string) store.Entry {
	b, s := sha256.Sum256(i.Bundle), sha256.Sum256(i.Signature)
	return store.Entry{Position: i.Position, Batch: name, BundleHash: b[:], SignatureHash: s[:]}
}

func put(t testing.TB) (*archive.Archive, string, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "archive")
	a, err := archive.New(archive.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	name, err := a.Put("s_1", day, items(), []byte("checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	return a, dir, name
}

func TestWhatIsPutIsRead(t *testing.T) {
	a, dir, name := put(t)
	if !strings.HasPrefix(name, "s_1/2026/11/23/") {
		t.Errorf("name = %s; want the UTC day", name)
	}
	content, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	if !strings.HasSuffix(name, hex.EncodeToString(sum[:])+".zip") {
		t.Errorf("name = %s; want the hash of the file", name)
	}
	again, err := a.Put("s_1", day, items(), []byte("checkpoint"))
	if err != nil || again != name {
		t.Errorf("the same run again = %s, %v; want %s", again, err, name)
	}
	want := items()
	got, err := a.ReadAll([]store.Entry{row(want[1], name), row(want[0], name)})
	if err != nil {
		t.Fatal(err)
	}
	want[0], want[1] = want[1], want[0]
	want[0].Signature = []byte{}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("items differ (-want +got):\n%s", diff)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*", "*", "*", "*", ".new-*")); err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}

func TestDamageIsFound(t *testing.T) {
	for name, damage := range map[string]func(b []byte) []byte{
		"cut":     func(b []byte) []byte { return b[:len(b)/2] },
		"empty":   func([]byte) []byte { return nil },
		"changed": func(b []byte) []byte { b[60] ^= 1; return b },
	} {
		t.Run(name, func(t *testing.T) {
			a, dir, file := put(t)
			path := filepath.Join(dir, file)
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, damage(content), 0o600)); err != nil {
				t.Fatal(err)
			}
			if _, err := a.Read(row(items()[0], file)); err == nil {
				t.Error("Read succeeded")
			}
			// Putting it again repairs it.
			if _, err := a.Put("s_1", day, items(), []byte("checkpoint")); err != nil {
				t.Fatal(err)
			}
			if _, err := a.Read(row(items()[0], file)); err != nil {
				t.Errorf("Read after repair = %v", err)
			}
		})
	}
	t.Run("another hash", func(t *testing.T) {
		a, _, file := put(t)
		e := row(items()[0], file)
		e.BundleHash[0] ^= 1
		if _, err := a.Read(e); !errors.Is(err, archive.ErrDamaged) {
			t.Errorf("Read = %v; want ErrDamaged", err)
		}
	})
	t.Run("a position that is not there", func(t *testing.T) {
		a, _, file := put(t)
		e := row(items()[0], file)
		e.Position = 99
		if _, err := a.Read(e); !errors.Is(err, archive.ErrDamaged) {
			t.Errorf("Read = %v; want ErrDamaged", err)
		}
	})
	t.Run("a name outside the folder", func(t *testing.T) {
		a, _, _ := put(t)
		if _, err := a.Read(row(items()[0], "../../etc/passwd")); err == nil || !strings.Contains(err.Error(), "not a name of ours") {
			t.Errorf("Read = %v; want a refusal", err)
		}
	})
}

func FuzzRead(f *testing.F) {
	_, dir, name := put(f)
	content, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Add([]byte("PK"))
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := t.TempDir()
		a, err := archive.New(archive.Config{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "x.zip"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		want := items()[0]
		got, err := a.Read(row(want, "x.zip"))
		if err == nil && (string(got[0].Bundle) != string(want.Bundle) || string(got[0].Signature) != string(want.Signature)) {
			t.Errorf("Read gave other bytes than the row names: %v", got)
		}
	})
}
