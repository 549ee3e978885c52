package keyring_test

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/shared/signed"

	"github.com/osiriscare/osiris/central/internal/keyring"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// delegated makes dir's delegation with the root in rootDir.
func delegated(t *testing.T, dir, rootDir string) {
	t.Helper()
	_, err := keyring.InitRoot(rootDir)
	check(t, err)
	online, err := keyring.ReadPublic(filepath.Join(dir, "online.pub"))
	check(t, err)
	raw, err := keyring.Delegate(rootDir, online, time.Now(), time.Hour)
	check(t, err)
	check(t, signed.WriteSecret(filepath.Join(dir, "delegation.bin"), raw))
}

func TestInitIsRepeatableAndSecretsArePrivate(t *testing.T) {
	dir, root := t.TempDir(), t.TempDir()
	check(t, keyring.Init(dir))
	delegated(t, dir, root)
	first, err := keyring.Load(dir)
	check(t, err)
	check(t, keyring.Init(dir))
	second, err := keyring.Load(dir)
	check(t, err)
	if first.Online.ID() != second.Online.ID() || first.Witness.ID() != second.Witness.ID() || first.TLS.Pin() != second.TLS.Pin() || first.Root != second.Root {
		t.Error("a second Init changed keys")
	}
	check(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v; want 0600", path, info.Mode())
		}
		return nil
	}))
	if _, err := os.Stat(filepath.Join(dir, "root.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the root's key is in the data folder although it was made elsewhere")
	}
}

func TestLoadSaysWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	if _, err := keyring.Load(dir); !errors.Is(err, keyring.ErrNotSetUp) || !strings.Contains(err.Error(), "osiris-central init") {
		t.Errorf("Load of an empty folder = %v; want ErrNotSetUp and the verb", err)
	}
	check(t, keyring.Init(dir))
	if _, err := keyring.Load(dir); !errors.Is(err, keyring.ErrNotSetUp) || !strings.Contains(err.Error(), "root delegate") {
		t.Errorf("Load without a delegation = %v; want ErrNotSetUp and the verb", err)
	}
	other := t.TempDir()
	check(t, keyring.Init(other))
	delegated(t, other, t.TempDir())
	raw, err := os.ReadFile(filepath.Join(other, "delegation.bin"))
	check(t, err)
	check(t, signed.WriteSecret(filepath.Join(dir, "delegation.bin"), raw))
	if _, err := keyring.Load(dir); err == nil || !strings.Contains(err.Error(), "another online key") {
		t.Errorf("Load with another's delegation = %v; want a clear refusal", err)
	}
	raw[len(raw)/2] ^= 1
	check(t, signed.WriteSecret(filepath.Join(other, "delegation.bin"), raw))
	if _, err := keyring.Load(other); err == nil {
		t.Error("Load took a delegation with a flipped bit")
	}
}

func TestAWrappedKeyIsBoundToItsOwner(t *testing.T) {
	dir := t.TempDir()
	check(t, keyring.Init(dir))
	delegated(t, dir, t.TempDir())
	k, err := keyring.Load(dir)
	check(t, err)
	secret := []byte("a private key")
	wrapped, err := k.Wrap("s_1", secret)
	check(t, err)
	if bytes.Contains(wrapped, secret) {
		t.Error("the wrapped key is readable")
	}
	if got, err := k.Unwrap("s_1", wrapped); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("Unwrap = %q, %v; want the key", got, err)
	}
	if _, err := k.Unwrap("s_2", wrapped); err == nil {
		t.Error("another site unwrapped the key")
	}
	wrapped[len(wrapped)-1] ^= 1
	if _, err := k.Unwrap("s_1", wrapped); err == nil {
		t.Error("a changed wrapping was accepted")
	}
	if _, err := k.Unwrap("s_1", wrapped[:4]); err == nil {
		t.Error("a cut wrapping was accepted")
	}
}

func TestADelegationThatEndsIsToldInTime(t *testing.T) {
	dir := t.TempDir()
	check(t, keyring.Init(dir))
	delegated(t, dir, t.TempDir())
	k, err := keyring.Load(dir)
	check(t, err)
	for left, want := range map[time.Duration]string{
		-time.Second: "level=ERROR msg=\"delegation has ended\"", 24 * time.Hour: "level=WARN msg=\"delegation ends soon\"", 60 * 24 * time.Hour: "",
	} {
		var said bytes.Buffer
		k.Warn(t.Context(), k.Expires.Add(-left), slog.New(slog.NewTextHandler(&said, nil)))
		if !strings.Contains(said.String(), want) || want == "" && said.Len() > 0 {
			t.Errorf("%v before the end it says %q; want %q", left, said.String(), want)
		}
	}
}
