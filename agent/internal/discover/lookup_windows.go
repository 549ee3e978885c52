//go:build !osiris_modernc

package discover

import (
	"strings"
	"syscall"
	"unsafe"

	"github.com/osiriscare/osiris/agent/internal/winapi"
)

// parameters has the domain the machine is in, or else the one that DHCP names.
// DnsQuery would complete a name only if it had one label.
const parameters = `HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters`

func lookup(domain string) ([]record, error) {
	for _, value := range [...]string{"Domain", "DhcpDomain"} {
		if !strings.HasSuffix(domain, "._tcp") {
			break
		}
		if v, err := winapi.RegRead(parameters, value); err == nil && v.Text != "" {
			domain += "." + v.Text
		}
	}
	var list *syscall.DNSRecord
	if err := syscall.DnsQuery(domain, syscall.DNS_TYPE_SRV, 0, nil, &list, nil); err != nil {
		return nil, err
	}
	defer syscall.DnsRecordListFree(list, 1) // DnsFreeRecordList
	var records []record
	for r := list; r != nil && len(records) < maxTargets; r = r.Next {
		const section, answer = 3, 1 // DNS_RECORD_FLAGS
		if r.Type != syscall.DNS_TYPE_SRV || r.Dw&section != answer {
			continue
		}
		srv := (*syscall.DNSSRVData)(unsafe.Pointer(&r.Data[0]))
		host := syscall.UTF16ToString(unsafe.Slice(srv.Target, maxName+1))
		if host != "" && host != "." {
			records = append(records, record{srv.Priority, srv.Weight, srv.Port, host})
		}
	}
	if len(records) == 0 {
		return nil, ErrNone
	}
	return records, nil
}
