package sntp_test

import (
	"strconv"
	"syscall"
	"testing"
	"unsafe"
)

// listen is as in listen_test.go, without package net: Wine 8.0 lacks the ioctl
// that Go asks for on its UDP sockets.
func listen(t *testing.T) (addr string, receive func(b []byte) (n int, answer func([]byte) error, err error)) {
	t.Helper()
	var started syscall.WSAData
	if err := syscall.WSAStartup(0x202, &started); err != nil {
		t.Fatal(err)
	}
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, syscall.IPPROTO_UDP)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Closesocket(socket) })
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	return "127.0.0.1:" + strconv.Itoa(name.(*syscall.SockaddrInet4).Port), func(b []byte) (int, func([]byte) error, error) {
		var n, flags uint32
		var from syscall.RawSockaddrAny
		size := int32(unsafe.Sizeof(from))
		buffer := syscall.WSABuf{Len: uint32(len(b)), Buf: &b[0]}
		err := syscall.WSARecvFrom(socket, &buffer, 1, &n, &flags, &from, &size, nil, nil)
		return int(n), func(text []byte) error {
			to, err := from.Sockaddr()
			if err != nil {
				return err
			}
			buffer := syscall.WSABuf{Len: uint32(len(text))}
			if len(text) > 0 {
				buffer.Buf = &text[0]
			}
			return syscall.WSASendto(socket, &buffer, 1, &n, 0, to, nil, nil)
		}, err
	}
}
