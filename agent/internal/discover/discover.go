// Package discover finds the appliance by a DNS record of type SRV (RFC 2782),
// by the system's own resolver: net's would cost 260 KB. The record names hosts
// and ports and is believed in nothing else: whoever answers must still prove to
// be this site's appliance. Targets come by rising priority and then falling
// weight; a site has an appliance or two, so there is no load to spread. A name
// that ends in _tcp is of this machine's own domain.
//
// ErrNone means that there is no such record. Layouts: windns.h, RFC 1035 and
// 2782; res_search(3).
package discover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Name is the record of a practice's appliance.
const Name = "_osiris-grpc._tcp"

// Address is where to find the appliance when configuration says addr: nothing
// means our own domain's record, and a record's name needs no port.
func Address(addr string) string {
	if addr == "" {
		addr = Name
	}
	if strings.HasPrefix(addr, "_") && !strings.Contains(addr, ":") {
		addr += ":0"
	}
	return addr
}

// ErrNone means that DNS has no appliance.
var ErrNone = errors.New("DNS names no appliance")

// record is one SRV record.
type record struct {
	priority, weight, port uint16
	host                   string
}

// maxTargets bounds how many of an answer's records are used.
const maxTargets = 8

// Targets looks up a name and gives host:port of each target, the best first.
// The system cannot be interrupted: when ctx ends first the answer is dropped.
func Targets(ctx context.Context, name string) ([]string, error) {
	answer := make(chan found, 1)
	go func() {
		records, err := lookup(name)
		answer <- found{records, err}
	}()
	select {
	case f := <-answer:
		if f.err != nil {
			return nil, fmt.Errorf("looking up %s: %w", name, f.err)
		}
		return order(f.records), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("looking up %s: %w", name, ctx.Err())
	}
}

type found struct {
	records []record
	err     error
}

// order sorts, which for a handful needs no more than insertion.
func order(records []record) []string {
	records = records[:min(len(records), maxTargets)]
	for i := range records {
		for j := i; j > 0 && before(&records[j], &records[j-1]); j-- {
			records[j], records[j-1] = records[j-1], records[j]
		}
	}
	targets := make([]string, len(records))
	for i := range records {
		targets[i] = net.JoinHostPort(records[i].host, strconv.Itoa(int(records[i].port)))
	}
	return targets
}

func before(a, b *record) bool {
	return a.priority < b.priority || a.priority == b.priority && a.weight > b.weight
}
