//go:build !osiris_modernc && (linux || darwin)

package dial

import (
	"syscall"
	"time"
)

// Datagram is a UDP socket with one peer.
type Datagram struct{ socket int }

func (d *Datagram) limit(wait time.Duration) error {
	syscall.CloseOnExec(d.socket)
	t := syscall.NsecToTimeval(int64(wait))
	return syscall.SetsockoptTimeval(d.socket, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &t)
}

// Write sends one packet.
func (d *Datagram) Write(b []byte) (int, error) { return syscall.Write(d.socket, b) }

// Read waits for one packet.
func (d *Datagram) Read(b []byte) (int, error) {
	for {
		n, err := syscall.Read(d.socket, b)
		if err != syscall.EINTR {
			return n, err
		}
	}
}

// Close closes the socket.
func (d *Datagram) Close() error { return syscall.Close(d.socket) }
