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

	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	"github.com/osiriscare/osiris/agent/internal/identity"
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
		a := fakeappliance.New(t)
		file, data := enrolled(t, a)
		if err := os.WriteFile(filepath.Join(data, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		// The service says what to do, and waits for it.
		ctx, stop := context.WithCancel(t.Context())
		said := &waiter{want: "waiting to be enrolled", seen: make(chan struct{})}
		ended := make(chan int, 1)
		go func() { ended <- run(ctx, []string{"run", "--config", file}, io.Discard, said) }()
		<-said.seen
		stop()
		if code := <-ended; code != 0 || !strings.Contains(said.text, "set aside: run osiris-agent enrol") {
			t.Errorf("%s: run: exit %d, %q", name, code, said.text)
		}
		pipe(t, read(t, token(t, a, fakeappliance.Token)))
		if code, _, stderr := osiris("enrol", "--config", file); code != 0 {
			t.Errorf("%s: enrol: exit %d, %q; want it mended", name, code, stderr)
		}
		if code, _, stderr := osiris("enrol", "--config", file); code != 0 || !strings.Contains(stderr, "enrolled already") {
			t.Errorf("%s: afterwards: exit %d, %q", name, code, stderr)
		}
	}
}

func TestEnrollingAgainMendsADamagedIdentityAtOnce(t *testing.T) {
	for _, name := range []string{"device.key", "certificate.der", "pin"} {
		a := fakeappliance.New(t)
		file, data := enrolled(t, a)
		if err := os.WriteFile(filepath.Join(data, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		pipe(t, read(t, token(t, a, fakeappliance.Token)))
		if code, _, stderr := osiris("enrol", "--again", "--config", file); code != 0 {
			t.Errorf("%s: enrol --again: exit %d, %q", name, code, stderr)
		}
		if i, err := identity.Open(data); err != nil || !i.Enrolled() || i.Pin() == nil {
			t.Errorf("%s: afterwards: %v", name, err)
		}
	}
}

func TestAServiceWaitsForItsEnrolment(t *testing.T) {
	was := awaitPause
	awaitPause = time.Millisecond
	t.Cleanup(func() { awaitPause = was })
	a := fakeappliance.New(t)
	data := filepath.Join(t.TempDir(), "data")
	file := write(t, "data_dir = "+data, "root_dir = "+t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	said := &waiter{want: "waiting to be enrolled", seen: make(chan struct{})}
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, []string{"run", "--config", file}, io.Discard, said) }()
	<-said.seen
	// Meanwhile a person enrols it: here, or with the service when that is faster.
	pipe(t, read(t, token(t, a, fakeappliance.Token)))
	if code, _, stderr := osiris("enrol", "--config", file); code != 0 {
		t.Errorf("enrol while the service waits: exit %d, %q", code, stderr)
	}
	a.Wait(t, "a record", func() bool { return len(a.Accepted()) > 0 })
	// The running agent has the folder.
	if code, _, stderr := osiris("enrol", "--config", file); code != 0 || !strings.Contains(stderr, "enrolled already") {
		t.Errorf("enrol while the service runs: exit %d, %q", code, stderr)
	}
	// Nobody is asked for a token that could not be used, and none is kept.
	pipe(t, read(t, token(t, a, fakeappliance.Token)))
	if code, _, stderr := osiris("enrol", "--again", "--config", file); code != 1 || !strings.Contains(stderr, "stop its service first") {
		t.Errorf("enrol --again while the service runs: exit %d, %q", code, stderr)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("the service exits with %d; want 0", code)
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
