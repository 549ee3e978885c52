//go:build !osiris_modernc && (linux || darwin)

package dial

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"github.com/osiriscare/osiris/agent/internal/native"
)

// resolver are the two functions of the C library.
type resolver struct{ getaddrinfo, freeaddrinfo uintptr }

// library finds them once per process.
var library = sync.OnceValues(func() (r resolver, err error) {
	c, err := native.Load(libraryName)
	if err != nil {
		return r, fmt.Errorf("loading the C library: %w", err)
	}
	if r.getaddrinfo, err = c.Symbol("getaddrinfo"); err != nil {
		return r, err
	}
	r.freeaddrinfo, err = c.Symbol("freeaddrinfo")
	return r, err
})

func getAddrInfo(host string, port uint16) (peers []syscall.Sockaddr, err error) {
	r, err := library()
	if err != nil {
		return nil, err
	}
	name := append([]byte(host), 0)
	hints := addrinfo{family: syscall.AF_UNSPEC, socktype: syscall.SOCK_STREAM}
	var list *addrinfo
	code := native.Call(r.getaddrinfo, uintptr(unsafe.Pointer(&name[0])), 0,
		uintptr(unsafe.Pointer(&hints)), uintptr(unsafe.Pointer(&list)))
	runtime.KeepAlive(name)
	if int32(code) != 0 || list == nil {
		return nil, errors.New("the system does not know this name")
	}
	defer native.Call(r.freeaddrinfo, uintptr(unsafe.Pointer(list)))
	for a := list; a != nil; a = a.next {
		switch a.family {
		case syscall.AF_INET:
			peers = append(peers, &syscall.SockaddrInet4{Port: int(port), Addr: (*syscall.RawSockaddrInet4)(a.addr).Addr})
		case syscall.AF_INET6:
			peers = append(peers, &syscall.SockaddrInet6{Port: int(port), Addr: (*syscall.RawSockaddrInet6)(a.addr).Addr})
		}
	}
	return peers, nil
}
