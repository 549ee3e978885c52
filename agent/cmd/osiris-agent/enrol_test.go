package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/config"
	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	"github.com/osiriscare/osiris/agent/internal/identity"
)

// pipe gives the program this standard input.
func pipe(t *testing.T, content []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stdin")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	was := os.Stdin
	os.Stdin = f
	t.Cleanup(func() {
		os.Stdin = was
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestATokenComesByStandardInput(t *testing.T) {
	a := fakeappliance.New(t)
	data := filepath.Join(t.TempDir(), "data")
	file := write(t, "data_dir = "+data, "root_dir = "+t.TempDir())
	pipe(t, read(t, token(t, a, fakeappliance.Token)))
	code, stdout, stderr := osiris("enrol", "--config", file)
	if code != 0 || !strings.Contains(stderr, "enrolled") || stdout != "" {
		t.Fatalf("enrol: exit %d, %q, %q", code, stdout, stderr)
	}
	if !identity.IsEnrolled(data) {
		t.Error("there is no certificate")
	}
	if _, err := os.Stat(filepath.Join(data, tokenName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the used token still lies in the data folder: %v", err)
	}
	if info, err := os.Stat(data); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the data folder has %v, %v; want mode 0700", info.Mode(), err)
	}
}

func TestATokenThatCouldNotBeUsedYetIsKept(t *testing.T) {
	a := fakeappliance.New(t)
	data := filepath.Join(t.TempDir(), "data")
	text := strings.Replace(string(read(t, token(t, a, fakeappliance.Token))), a.Addr(), "127.0.0.1:1", 1)
	pipe(t, []byte(text))
	file := write(t, "data_dir = "+data, "root_dir = "+t.TempDir())
	if code, _, stderr := osiris("enrol", "--config", file); code != 1 || !strings.Contains(stderr, "dialling") {
		t.Fatalf("enrol: exit %d, %q; want the network's fault", code, stderr)
	}
	// The next one needs no input: the service goes on with this file.
	path := filepath.Join(data, tokenName)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the kept token has %v, %v; want mode 0600", info, err)
	}
	if err := os.WriteFile(path, read(t, token(t, a, fakeappliance.Token)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(data, "pin")); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := osiris("enrol", "--config", file); code != 0 {
		t.Fatalf("enrol: exit %d, %q", code, stderr)
	}
}

func TestInputThatIsNoTokenIsRefusedAndNotKept(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	for name, content := range map[string]string{"nothing": "", "a sentence": "let me in\n", "half a token": "token = osiris-at1-" + strings.Repeat("ab", 32)} {
		pipe(t, []byte(content))
		code, _, stderr := osiris("enrol", "--config", write(t, "data_dir = "+data))
		if code != 1 || strings.Contains(stderr, strings.Repeat("ab", 32)) {
			t.Errorf("%s: exit %d, %q; want 1 and no secret", name, code, stderr)
		}
		if _, err := os.Stat(filepath.Join(data, tokenName)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s was kept: %v", name, err)
		}
	}
}

func TestAnEnrolledMachineEnrolsAgainWithANewKey(t *testing.T) {
	a := fakeappliance.New(t)
	data := filepath.Join(t.TempDir(), "data")
	file := write(t, "data_dir = "+data, "root_dir = "+t.TempDir(), "token_file = "+token(t, a, fakeappliance.Token))
	if code, _, stderr := osiris("enrol", "--config", file); code != 0 {
		t.Fatal(stderr)
	}
	key := read(t, filepath.Join(data, "device.key"))
	if code, _, stderr := osiris("enrol", "--again", "--config", file); code != 0 || strings.Contains(stderr, "already") {
		t.Fatalf("enrol --again: exit %d, %q", code, stderr)
	}
	if bytes.Equal(key, read(t, filepath.Join(data, "device.key"))) {
		t.Error("the machine enrolled again with the key it was to forget")
	}
	if code, _, _ := osiris("run", "--again"); code != 2 {
		t.Error("run takes --again")
	}
}

func TestADataFolderThatOthersCanWriteToIsRefused(t *testing.T) {
	data := t.TempDir()
	if err := os.Chmod(data, 0o777); err != nil {
		t.Fatal(err)
	}
	file := write(t, "data_dir = "+data)
	for _, verb := range []string{"run", "enrol", "install"} {
		if code, _, stderr := osiris(verb, "--config", file); code != 1 || !strings.Contains(stderr, "others can write") {
			t.Errorf("%s: exit %d, %q", verb, code, stderr)
		}
	}
}

func TestTheServicesConfigurationIsKeptWhereOthersCannotChangeIt(t *testing.T) {
	data := t.TempDir()
	path, err := keepConfig(write(t, "log_level = debug", "data_dir = "+data), data)
	if err != nil || path != filepath.Join(data, "agent.conf") {
		t.Fatalf("keepConfig = %q, %v", path, err)
	}
	if got, err := config.Load(path); err != nil || got.DataDir != data || got.LogLevel != "debug" {
		t.Errorf("it reads as %+v, %v", got, err)
	}
	// Installing again without a configuration keeps it, with one replaces it.
	if _, err := keepConfig("", data); err != nil {
		t.Fatal(err)
	}
	if got, err := config.Load(path); err != nil || got.LogLevel != "debug" {
		t.Errorf("after a second installation it reads as %+v, %v", got, err)
	}
	if _, err := keepConfig(write(t, "data_dir = "+data, "log_level = warn"), data); err != nil {
		t.Fatal(err)
	}
	if got, err := config.Load(path); err != nil || got.LogLevel != "warn" {
		t.Errorf("after the third it reads as %+v, %v", got, err)
	}
	empty := t.TempDir()
	if path, err = keepConfig("", empty); err != nil {
		t.Fatal(err)
	}
	if got, err := config.Load(path); err != nil || got.DataDir != empty {
		t.Errorf("without any it reads as %+v, %v", got, err)
	}
}

func TestTheProgramIsCopiedToItsPlace(t *testing.T) {
	target := filepath.Join(t.TempDir(), "osiris", "bin", "osiris-agent")
	for range 2 {
		if err := place(target); err != nil {
			t.Fatal(err)
		}
	}
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read(t, own), read(t, target)) {
		t.Error("the copy differs")
	}
	if info, err := os.Stat(target); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the copy has %v, %v; want mode 0755", info, err)
	}
}
