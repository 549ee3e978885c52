package dial

import (
	"context"
	"io"
	"net"
	"testing"
)

func TestNamesAndLiteralsAreDialled(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // the test is over
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost"} {
		c, err := TCP(context.Background(), net.JoinHostPort(host, port))
		if err != nil {
			t.Errorf("TCP(%s) = %v", host, err)
			continue
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "host", "host:port", "127.0.0.1:99999"} {
		if _, err := TCP(context.Background(), bad); err == nil {
			t.Errorf("TCP(%q) = nil; want an error", bad)
		}
	}
}

func TestAddressesAreSplit(t *testing.T) {
	host, port, err := split("[::1]:50051")
	if host != "::1" || port != 50051 || err != nil {
		t.Errorf("split = %q, %d, %v", host, port, err)
	}
	for _, bad := range []string{"x", "x:y", "x:70000", "x:-1"} {
		if _, _, err := split(bad); err == nil {
			t.Errorf("split(%q) = nil; want an error", bad)
		}
	}
}

// answers fails the test unless c's other end is l.
func answers(t *testing.T, c net.Conn, l net.Listener) {
	t.Helper()
	theirs, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close() //nolint:errcheck // it has done its work
	if _, err := theirs.Write([]byte{7}); err != nil {
		t.Fatal(err)
	}
	var got [1]byte
	if _, err := io.ReadFull(c, got[:]); err != nil || got[0] != 7 {
		t.Fatalf("reading what %s sent = %v, %v", l.Addr(), got, err)
	}
}
