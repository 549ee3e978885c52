package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/agent/internal/config"
	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	"github.com/osiriscare/osiris/agent/internal/identity"
	"github.com/osiriscare/osiris/agent/internal/say"
)

// enrolled makes an enrolled machine; its token has no file any more.
func enrolled(t *testing.T, a *fakeappliance.Appliance) (file, data string) {
	t.Helper()
	data = filepath.Join(t.TempDir(), "data")
	file = write(t, "data_dir = "+data, "root_dir = "+t.TempDir())
	pipe(t, read(t, token(t, a, fakeappliance.Token)))
	if code, _, stderr := osiris("enrol", "--config", file); code != 0 {
		t.Fatal(stderr)
	}
	return file, data
}

// self is what makes a machine the one it is.
func self(t *testing.T, data string) string {
	t.Helper()
	return string(read(t, filepath.Join(data, "device.key"))) + string(read(t, filepath.Join(data, "certificate.der"))) +
		string(read(t, filepath.Join(data, "pin")))
}

const wrongToken = "osiris-at1-abababababababababababababababababababababababababababababababab"

func TestEnrollingAgainKeepsTheIdentityUntilThereIsAnother(t *testing.T) {
	a := fakeappliance.New(t)
	file, data := enrolled(t, a)
	before, policy := self(t, data), read(t, filepath.Join(data, "policy.bin"))
	good := read(t, token(t, a, fakeappliance.Token))
	for _, c := range []struct{ name, input, want string }{
		{"no token", "", "there is no enrolment token"},
		{"half a token", "token = osiris-at1-ab", "token"},
		{"a used token", string(read(t, token(t, a, wrongToken))), "not known or used up"},
		{"a token of nobody's", strings.Replace(string(good), a.Addr(), "127.0.0.1:1", 1), "dialling"},
		{"another site's token", strings.Replace(string(good), a.SiteRoot(), strings.Repeat("ab", 32), 1), "not this site's appliance"},
	} {
		pipe(t, []byte(c.input))
		code, _, stderr := osiris("enrol", "--again", "--stdin", "--config", file)
		if code != 1 || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: exit %d, %q; want %q", c.name, code, stderr, c.want)
		}
		if self(t, data) != before || !bytes.Equal(policy, read(t, filepath.Join(data, "policy.bin"))) {
			t.Fatalf("%s: the machine is no longer what it was", c.name)
		}
	}
	if code, _, stderr := osiris("enrol", "--config", file); code != 0 || !strings.Contains(stderr, "enrolled already") {
		t.Errorf("enrol afterwards: exit %d, %q", code, stderr)
	}
	pipe(t, good)
	if code, _, stderr := osiris("enrol", "--again", "--stdin", "--config", file); code != 0 || self(t, data) == before {
		t.Errorf("enrol --again with a good token: exit %d, %q; want another identity", code, stderr)
	}
	if _, err := os.Stat(filepath.Join(data, tokenName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a token still lies in the data folder: %v", err)
	}
}

func TestARefusedTokenIsAskedForAgain(t *testing.T) {
	a := fakeappliance.New(t)
	data := filepath.Join(t.TempDir(), "data")
	file := write(t, "data_dir = "+data, "root_dir = "+t.TempDir())
	pipe(t, read(t, token(t, a, wrongToken)))
	if code, _, stderr := osiris("enrol", "--config", file); code != 1 || !strings.Contains(stderr, "not known or used up") {
		t.Fatalf("enrol with a used token: exit %d, %q", code, stderr)
	}
	pipe(t, read(t, token(t, a, fakeappliance.Token)))
	if code, _, stderr := osiris("enrol", "--config", file); code != 0 || !identity.IsEnrolled(data) {
		t.Errorf("enrol with a good one afterwards: exit %d, %q", code, stderr)
	}
}

func TestADamagedIdentityIsSetAsideAndEnrollingMendsIt(t *testing.T) {
	for _, name := range []string{"device.key", "certificate.der", "pin"} {
		for _, again := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				a := fakeappliance.New(t)
				file, data := enrolled(t, a)
				if err := os.WriteFile(filepath.Join(data, name), nil, 0o600); err != nil {
					t.Fatal(err)
				}
				pipe(t, read(t, token(t, a, fakeappliance.Token)))
				args := []string{"enrol", "--config", file}
				if again {
					args = append(args, "--again")
				}
				code, _, stderr := osiris(args...)
				if code != 0 || strings.Count(stderr, "identity files were damaged and set aside") != 1 {
					t.Errorf("%q: exit %d, %q; want it mended", args, code, stderr)
				}
				if code, _, stderr = osiris("enrol", "--config", file); code != 0 || !strings.Contains(stderr, "enrolled already") {
					t.Errorf("afterwards: exit %d, %q", code, stderr)
				}
			})
		}
	}
}

func TestADamagedPinIsMendedByTheConfiguration(t *testing.T) {
	a := fakeappliance.New(t)
	_, data := enrolled(t, a)
	before := self(t, data)
	if err := os.WriteFile(filepath.Join(data, "pin"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &config.Config{DataDir: data, RootDir: t.TempDir(), SiteRoot: a.SiteRoot(), CentralRoot: a.CentralRoot.ID().String(), ApplianceAddr: a.Addr()}
	agent, err := newApp(c, say.New(io.Discard, say.LevelError), false)
	if err != nil {
		t.Fatal(err)
	}
	if err := agent.close(); err != nil || self(t, data) != before {
		t.Errorf("the identity is another one (%v)", err)
	}
}

func TestAServiceWaitsForItsEnrolment(t *testing.T) {
	a := fakeappliance.New(t)
	data := filepath.Join(t.TempDir(), "data")
	file := write(t, "data_dir = "+data, "root_dir = "+t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	var stderr waiter
	stderr.want, stderr.seen = "waiting to be enrolled", make(chan struct{})
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, []string{"run", "--config", file}, io.Discard, &stderr) }()
	<-stderr.seen
	// Meanwhile a person enrols it, and the folder is free for that.
	pipe(t, read(t, token(t, a, fakeappliance.Token)))
	if code, _, said := osiris("enrol", "--config", file); code != 0 {
		t.Errorf("enrol while the service waits: exit %d, %q", code, said)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("a service that waited exits with %d; want 0", code)
	}
	c, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	agent, err := awaitEnrolment(t.Context(), time.Millisecond, c, say.New(io.Discard, say.LevelError))
	if err != nil || !agent.identity.Enrolled() {
		t.Fatalf("awaitEnrolment = %v", err)
	}
	defer agent.close() //nolint:errcheck // the test is over
	// The running agent has the folder.
	if code, _, said := osiris("enrol", "--config", file); code != 0 || !strings.Contains(said, "enrolled already") {
		t.Errorf("enrol while the service runs: exit %d, %q", code, said)
	}
	if code, _, said := osiris("enrol", "--again", "--config", file); code != 1 || !strings.Contains(said, "stop its service") {
		t.Errorf("enrol --again while the service runs: exit %d, %q", code, said)
	}
}

// waiter closes seen when what is wanted was written.
type waiter struct {
	want string
	seen chan struct{}
	text string
}

func (w *waiter) Write(p []byte) (int, error) {
	before := strings.Contains(w.text, w.want)
	w.text += string(p)
	if !before && strings.Contains(w.text, w.want) {
		close(w.seen)
	}
	return len(p), nil
}
