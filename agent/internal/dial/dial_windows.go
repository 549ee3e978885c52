//go:build !osiris_modernc

package dial

import (
	"net/netip"
	"syscall"
	"unsafe"
)

func getAddrInfo(host string) (hosts []netip.Addr, err error) {
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
	defer syscall.FreeAddrInfoW(list)
	for a := list; a != nil; a = a.Next {
		switch a.Family {
		case syscall.AF_INET:
			hosts = append(hosts, netip.AddrFrom4((*syscall.RawSockaddrInet4)(unsafe.Pointer(a.Addr)).Addr))
		case syscall.AF_INET6:
			hosts = append(hosts, netip.AddrFrom16((*syscall.RawSockaddrInet6)(unsafe.Pointer(a.Addr)).Addr))
		}
	}
	return hosts, nil
}
