package ssh_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
)

func TestKnownHostsKeepWhatTheyPin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(file, []byte("# by an operator"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	first, second := newSigner(t).PublicKey().Marshal(), newSigner(t).PublicKey().Marshal()
	for address, key := range map[string][]byte{"a.example:22": first, "a.example:2222": second, "[::1]:22": first, "10.0.0.1:22": second} {
		if err := ssh.NewKnownHosts(file).Pin(ctx, address, key); err != nil {
			t.Fatal(err)
		}
		if got, err := ssh.NewKnownHosts(file).Known(ctx, address); err != nil || !bytes.Equal(got, key) {
			t.Errorf("Known(%s) = %x, %v", address, got, err)
		}
	}
	k := ssh.NewKnownHosts(file)
	if err := k.Pin(ctx, "a.example:22", second); err == nil {
		t.Error("another key was pinned over the first")
	}
	if err := k.Pin(ctx, "a.example:22", first); err != nil {
		t.Errorf("pinning the same key again: %v", err)
	}
	if was, err := k.Reset(ctx, "a.example:22"); !was || err != nil {
		t.Errorf("Reset = %v, %v", was, err)
	}
	if was, err := k.Reset(ctx, "a.example:22"); was || err != nil {
		t.Errorf("the second Reset = %v, %v", was, err)
	}
	if got, err := k.Known(ctx, "a.example:2222"); err != nil || !bytes.Equal(got, second) {
		t.Errorf("the other port's key is %x, %v", got, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
}

func TestABrokenFileOfKnownHostsPinsNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(file, []byte("a.example ssh-ed25519 broken\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	k := ssh.NewKnownHosts(file)
	if _, err := k.Known(t.Context(), "b.example:22"); err == nil {
		t.Error("Known read over a line that is broken")
	}
	if err := k.Pin(t.Context(), "a.example:22", newSigner(t).PublicKey().Marshal()); err == nil {
		t.Error("Pin wrote over a line that is broken")
	}
}

func FuzzKnownHosts(f *testing.F) {
	key := newSigner(f).PublicKey().Marshal()
	f.Add([]byte("# comment\n\n"))
	f.Add([]byte("a.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtQUDZWhs8k/cZcykkkcoX9wJiMJNDmrwpjb3NhAYR6"))
	f.Add([]byte("@revoked a ssh-ed25519 AAAA\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		file := filepath.Join(t.TempDir(), "known_hosts")
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		k := ssh.NewKnownHosts(file)
		if had, err := k.Known(t.Context(), "z.example:22"); err != nil || had != nil {
			return
		}
		if err := k.Pin(t.Context(), "z.example:22", key); err != nil {
			t.Fatalf("a file that can be read takes no pin: %v", err)
		}
		if got, err := k.Known(t.Context(), "z.example:22"); err != nil || !bytes.Equal(got, key) {
			t.Fatalf("Known = %x, %v", got, err)
		}
	})
}
