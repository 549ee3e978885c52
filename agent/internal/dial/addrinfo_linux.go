//go:build !osiris_modernc

package dial

import "unsafe"

const libraryName = "libc.so.6"

// addrinfo is struct addrinfo of glibc on 64-bit systems.
type addrinfo struct {
	flags, family, socktype, protocol int32
	addrlen                           uint32
	addr                              unsafe.Pointer
	canonname                         unsafe.Pointer
	next                              *addrinfo
}
