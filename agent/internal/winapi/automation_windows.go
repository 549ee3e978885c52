package winapi

import (
	"math"
	"time"
	"unsafe"
)

// maxItems bounds one collection; a machine years behind misses some hundred
// updates.
const maxItems = 1000

// automation reads the properties of dual interfaces by their tables, not by
// IDispatch. The first failure of a family of objects stays in code and makes all
// later calls give nothing.
type automation struct {
	code  Code
	given []*object // what was got; the last ones go first
}

// alone is the index of a property without one.
const alone = ^uintptr(0)

// get calls a property's getter, whose last argument says where the value goes.
// 0 is what a failure gives.
func (a *automation) get(o *object, method int, index uintptr) uint64 {
	out := new(uint64)
	if a.code != 0 || o == nil {
		return 0
	}
	var code Code
	if index != alone {
		code = o.call(method, index, uintptr(unsafe.Pointer(out)))
	} else {
		code = o.call(method, uintptr(unsafe.Pointer(out)))
	}
	if code.failed() {
		a.code = code
		return 0
	}
	return *out
}

// child gets an object; free gives up those after the first n.
func (a *automation) child(o *object, method int, index uintptr) *object {
	out := a.get(o, method, index)
	if out == 0 && a.code == 0 {
		a.code = ProviderFailed
	}
	got := *(**object)(unsafe.Pointer(&out))
	a.given = append(a.given, got)
	return got
}

func (a *automation) free(n int) {
	for i := len(a.given) - 1; i >= n; i-- {
		a.given[i].release()
	}
	a.given = a.given[:n]
}

func (a *automation) text(o *object, method int, index uintptr) string {
	out := a.get(o, method, index)
	b := *(*bstr)(unsafe.Pointer(&out))
	text := b.text()
	b.free()
	return text
}

// flag is a VARIANT_BOOL, which has 16 bits.
func (a *automation) flag(o *object, method int) bool { return uint16(a.get(o, method, alone)) != 0 }

// count is a number of items, and a failure when there are too many.
func (a *automation) count(o *object, method int) uintptr {
	n := int32(a.get(o, method, alone))
	if n > maxItems {
		a.code = TooMuch
	}
	if n < 0 || n > maxItems {
		return 0
	}
	return uintptr(n)
}

// date is a DATE, days since 30 December 1899, here in UTC; empty without one.
func (a *automation) date(o *object, method int) string {
	days := math.Float64frombits(a.get(o, method, alone))
	if !(days >= 1 && days < 1e6) {
		return ""
	}
	const zero = -2209161600 // as Unix time
	return time.Unix(zero+int64(days*86400), 0).UTC().Format(time.RFC3339)
}
