package dial

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"unsafe"
)

// TCP connects to addr, host:port.
func TCP(ctx context.Context, addr string) (net.Conn, error) {
	host, port, err := split(addr)
	if err != nil {
		return nil, err
	}
	hosts := []netip.Addr{}
	if literal, err := netip.ParseAddr(host); err == nil {
		hosts = append(hosts, literal)
	} else if hosts, err = resolve(ctx, host); err != nil {
		return nil, fmt.Errorf("looking up %s: %w", host, err)
	}
	return addresses(ctx, hosts, port)
}

// found is a resolver's answer.
type found struct {
	hosts []netip.Addr
	err   error
}

// resolve asks the system, which cannot be interrupted: when ctx ends first the
// answer is dropped.
func resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	answer := make(chan found, 1)
	go func() {
		hosts, err := getAddrInfo(host)
		answer <- found{hosts, err}
	}()
	select {
	case f := <-answer:
		return f.hosts, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

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
