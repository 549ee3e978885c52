//go:build !osiris_modernc && (linux || darwin)

package dial

import (
	"syscall"
	"time"
)

type datagram struct{ socket int }

func (d *datagram) limit(wait time.Duration) error {
	syscall.CloseOnExec(d.socket)
	t := syscall.NsecToTimeval(int64(wait))
	return syscall.SetsockoptTimeval(d.socket, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &t)
}

func (d *datagram) Write(b []byte) (int, error) { return syscall.Write(d.socket, b) }

func (d *datagram) Read(b []byte) (int, error) {
	for {
		n, err := syscall.Read(d.socket, b)
		if err != syscall.EINTR {
			return n, err
		}
	}
}

func (d *datagram) Close() error { return syscall.Close(d.socket) }
