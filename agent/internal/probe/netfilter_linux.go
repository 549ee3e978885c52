package probe

import (
	"encoding/binary"
	"errors"
	"os"
	"syscall"
)

// From the kernel's nfnetlink.h: a dump of the chains of every family.
const (
	netlinkNetfilter = 12
	nftGetChain      = 10<<8 | 4
	dumpFlags        = syscall.NLM_F_REQUEST | syscall.NLM_F_DUMP
	chainDatagrams   = 256 // bound of one dump
)

// kernelInput asks nf_tables, which iptables-nft, ufw and firewalld use too,
// what happens to input that no rule matches. It needs CAP_NET_ADMIN.
func kernelInput() (string, error) {
	// The old iptables keeps its tables elsewhere.
	if legacy, err := os.ReadFile("/proc/net/ip_tables_names"); err == nil && len(legacy) > 0 {
		return "", errors.New("the old iptables tables are in use")
	}
	var p inputPolicy
	if err := p.dump(); err != nil {
		return "", err
	}
	addresses, err := os.ReadFile("/proc/net/if_inet6") // missing where IPv6 is off
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	return p.verdict(len(addresses) > 0)
}

func (p *inputPolicy) dump() error {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, netlinkNetfilter)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer syscall.Close(fd) //nolint:errcheck // nothing was written
	limit := syscall.Timeval{Sec: 2}
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &limit); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	request := make([]byte, nlmsgHeader+nfgenHeader)
	binary.NativeEndian.PutUint32(request, uint32(len(request)))
	binary.NativeEndian.PutUint16(request[4:], nftGetChain)
	binary.NativeEndian.PutUint16(request[6:], dumpFlags)
	if err := syscall.Sendto(fd, request, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return os.NewSyscallError("sendto", err)
	}
	answer := make([]byte, 64<<10)
	for range chainDatagrams {
		n, _, err := syscall.Recvfrom(fd, answer, 0)
		if err != nil {
			return os.NewSyscallError("recvfrom", err)
		}
		if err := p.parseChains(answer[:n]); err != nil || p.done {
			return err
		}
	}
	return errors.New("the kernel's list of chains does not end")
}
