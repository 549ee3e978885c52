//go:build !osiris_modernc

package dial

import "unsafe"

const libraryName = "/usr/lib/libSystem.B.dylib"

// addrinfo is struct addrinfo of macOS on 64-bit systems.
type addrinfo struct {
	flags, family, socktype, protocol int32
	addrlen                           uint32
	canonname                         unsafe.Pointer
	addr                              unsafe.Pointer
	next                              *addrinfo
}
