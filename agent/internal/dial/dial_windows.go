//go:build !osiris_modernc

package dial

import (
	"syscall"
	"unsafe"
)

func getAddrInfo(host string, port uint16) (peers []syscall.Sockaddr, err error) {
	var started syscall.WSAData // net has done this by its first socket; asking again only counts
	if err := syscall.WSAStartup(0x202, &started); err != nil {
		return nil, err
	}
	name, err := syscall.UTF16PtrFromString(host)
	if err != nil {
		return nil, err
	}
	hints := syscall.AddrinfoW{Family: syscall.AF_UNSPEC, Socktype: syscall.SOCK_STREAM}
	var list *syscall.AddrinfoW
	if err := syscall.GetAddrInfoW(name, nil, &hints, &list); err != nil {
		return nil, err
	}
	for a := list; a != nil; a = a.Next {
		switch a.Family {
		case syscall.AF_INET:
			peers = append(peers, &syscall.SockaddrInet4{Port: int(port), Addr: (*syscall.RawSockaddrInet4)(unsafe.Pointer(a.Addr)).Addr})
		case syscall.AF_INET6:
			peers = append(peers, &syscall.SockaddrInet6{Port: int(port), Addr: (*syscall.RawSockaddrInet6)(unsafe.Pointer(a.Addr)).Addr})
		}
	}
	syscall.FreeAddrInfoW(list)
	return peers, nil
}
