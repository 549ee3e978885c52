//go:build !osiris_modernc && (windows || linux || darwin)

package dial

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"
)

func TestTheFirstAddressThatAnswersIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // the test is over
	port := netip.MustParseAddrPort(l.Addr().String()).Port()
	peers := []syscall.Sockaddr{endpoint(netip.MustParseAddr("127.0.0.2"), port), endpoint(netip.MustParseAddr("127.0.0.1"), port)}
	c, err := addresses(context.Background(), peers)
	if err != nil {
		t.Fatalf("addresses = %v; want the second one", err)
	}
	answers(t, c, l)
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := addresses(context.Background(), peers[:1]); err == nil {
		t.Error("an address where nobody listens answers")
	}
}

// listening is where l listens.
func listening(l net.Listener) syscall.Sockaddr {
	a := netip.MustParseAddrPort(l.Addr().String())
	return endpoint(a.Addr(), a.Port())
}

// pair is a connection and its peer.
func pair(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // it has done its work
	if ours, err = stream(t.Context(), listening(l)); err != nil {
		t.Fatal(err)
	}
	if theirs, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = ours.Close(), theirs.Close() })
	return ours, theirs
}

// soon fails the test when f has not returned in time, which no sleep decides.
func soon(t *testing.T, what string, f func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-time.After(30 * time.Second):
		t.Fatalf("%s still waits", what)
		return nil
	}
}

func TestAllBytesArriveBothWaysAndTheEndIsTheEnd(t *testing.T) {
	ours, theirs := pair(t)
	sent := bytes.Repeat([]byte("osiris"), 1<<20)
	go func() {
		_, _ = io.Copy(theirs, theirs) // what is wrong is seen at the other end
		_ = theirs.Close()
	}()
	go func() { _, _ = ours.Write(sent) }()
	got := make([]byte, len(sent))
	if err := soon(t, "reading", func() error { _, err := io.ReadFull(ours, got); return err }); err != nil || !bytes.Equal(got, sent) {
		t.Fatalf("ReadFull = %v; want all that was sent", err)
	}
	theirs.Close() //nolint:errcheck,gosec // the other end reads of it
	if err := soon(t, "reading the end", func() error { _, err := ours.Read(got); return err }); !errors.Is(err, io.EOF) {
		t.Errorf("Read after the peer's end = %v; want io.EOF", err)
	}
}

func TestClosingEndsAReadThatWaits(t *testing.T) {
	ours, _ := pair(t)
	reading := make(chan struct{})
	go func() {
		<-reading
		_ = ours.Close()
	}()
	err := soon(t, "reading", func() error {
		close(reading)
		_, err := ours.Read(make([]byte, 1))
		return err
	})
	if err == nil || errors.Is(err, io.EOF) {
		t.Errorf("Read of a closed connection = %v; want an error that is no end", err)
	}
	if _, err := ours.Write([]byte("x")); err == nil {
		t.Error("Write to a closed connection = nil; want an error")
	}
}

func TestADeadlineEndsAReadAndAWriteThatWait(t *testing.T) {
	for name, call := range map[string]func(net.Conn) error{
		"a read": func(c net.Conn) error { _, err := c.Read(make([]byte, 1)); return err },
		"a write": func(c net.Conn) error {
			_, err := c.Write(make([]byte, 64<<20)) // more than both ends hold
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			ours, _ := pair(t)
			if err := ours.SetDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			if err := soon(t, name, func() error { return call(ours) }); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s = %v; want os.ErrDeadlineExceeded", name, err)
			}
		})
	}
}

func TestADeadlineThatIsTakenBackEndsNothing(t *testing.T) {
	ours, theirs := pair(t)
	if err := errors.Join(ours.SetDeadline(time.Now().Add(time.Hour)), ours.SetDeadline(time.Time{})); err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := soon(t, "reading", func() error { _, err := ours.Read(make([]byte, 1)); return err }); err != nil {
		t.Errorf("Read = %v; want none", err)
	}
}

func TestWhoDoesNotListenOrIsNoLongerWantedIsAnError(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	peer := listening(l)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if c, err := stream(ctx, peer); !errors.Is(err, context.Canceled) {
		t.Errorf("stream with an ended context = %v, %v; want context.Canceled", c, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if c, err := stream(t.Context(), peer); err == nil {
		t.Errorf("stream to nobody = %v; want an error", c)
	}
}
