//go:build !osiris_modernc

package dial

import (
	"syscall"
	"time"
)

// Datagram is a UDP socket with one peer.
type Datagram struct{ socket syscall.Handle }

func (d *Datagram) limit(wait time.Duration) error {
	const receiveTimeout = 0x1006 // SO_RCVTIMEO of winsock2.h, milliseconds
	return syscall.SetsockoptInt(d.socket, syscall.SOL_SOCKET, receiveTimeout, int(wait.Milliseconds()))
}

// Write sends one packet.
func (d *Datagram) Write(b []byte) (int, error) {
	var n uint32
	buffer := syscall.WSABuf{Len: uint32(len(b)), Buf: &b[0]}
	err := syscall.WSASend(d.socket, &buffer, 1, &n, 0, nil, nil)
	return int(n), err
}

// Read waits for one packet.
func (d *Datagram) Read(b []byte) (int, error) {
	var n, flags uint32
	buffer := syscall.WSABuf{Len: uint32(len(b)), Buf: &b[0]}
	err := syscall.WSARecv(d.socket, &buffer, 1, &n, &flags, nil, nil)
	return int(n), err
}

// Close closes the socket.
func (d *Datagram) Close() error { return syscall.Closesocket(d.socket) }
