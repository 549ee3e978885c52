//go:build !osiris_modernc && (linux || darwin)

package discover

import (
	"runtime"
	"unsafe"

	"github.com/osiriscare/osiris/agent/internal/native"
)

// maxMessage is more than any sensible answer over TCP has.
const maxMessage = 16 << 10

// lookup asks res_search, which completes a name by the machine's search list.
func lookup(domain string) ([]record, error) {
	resolver, err := native.Load(library)
	if err != nil {
		return nil, err
	}
	search, err := resolver.Symbol(symbol)
	if err != nil {
		search, err = resolver.Symbol(former)
	}
	if err != nil {
		return nil, err
	}
	question := append([]byte(domain), 0)
	answer := make([]byte, maxMessage)
	n := native.Call(search, uintptr(unsafe.Pointer(&question[0])), classIN, typeSRV, uintptr(unsafe.Pointer(&answer[0])), maxMessage)
	runtime.KeepAlive(question)
	if length := int(int32(n)); length > 0 { //nolint:gosec // a C int
		return parse(answer[:min(length, maxMessage)])
	}
	return nil, ErrNone
}
