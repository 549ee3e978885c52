//go:build !windows

package sntp_test

import (
	"net"
	"testing"
)

// listen gives a socket on loopback: receive fills b and gives how to answer.
func listen(t *testing.T) (addr string, receive func(b []byte) (n int, answer func([]byte) error, err error)) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.LocalAddr().String(), func(b []byte) (int, func([]byte) error, error) {
		n, from, err := conn.ReadFrom(b)
		return n, func(text []byte) error {
			_, err := conn.WriteTo(text, from)
			return err
		}, err
	}
}
