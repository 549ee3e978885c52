package winapi

import (
	"math"
	"time"
	"unsafe"
)

// maxItems bounds one collection; a machine years behind misses some hundred
// updates.
const maxItems = 1000

// automation reads the properties of a dual interface by its table, not by
// IDispatch. The first failure of a family of objects stays in code and makes
// all later calls give nothing.
type automation struct {
	object *object
	code   *Code
}

// get calls a property's getter, whose last argument says where the value goes.
// 0 is what a failure gives.
func (a automation) get(method int, index ...uintptr) (out uint64) {
	if *a.code != 0 || a.object == nil {
		return 0
	}
	var code Code
	if len(index) == 1 {
		code = a.object.call(method, index[0], uintptr(unsafe.Pointer(&out)))
	} else {
		code = a.object.call(method, uintptr(unsafe.Pointer(&out)))
	}
	if code.failed() {
		*a.code = code
		return 0
	}
	return out
}

func (a automation) release() { a.object.release() }

func (a automation) child(method int, index ...uintptr) automation {
	out := a.get(method, index...)
	if out == 0 && *a.code == 0 {
		*a.code = ProviderFailed
	}
	return automation{*(**object)(unsafe.Pointer(&out)), a.code}
}

func (a automation) text(method int, index ...uintptr) string {
	out := a.get(method, index...)
	b := *(*bstr)(unsafe.Pointer(&out))
	defer b.free()
	return b.text()
}

func (a automation) number(method int) int32 { return int32(a.get(method)) }

// flag is a VARIANT_BOOL, which has 16 bits.
func (a automation) flag(method int) bool { return uint16(a.get(method)) != 0 }

// count is a number of items, and a failure when there are too many.
func (a automation) count(method int) int32 {
	n := a.number(method)
	if n > maxItems {
		*a.code = TooMuch
		return 0
	}
	return n
}

// date is a DATE, days since 30 December 1899, here in UTC; empty without one.
func (a automation) date(method int) string {
	days := math.Float64frombits(a.get(method))
	if !(days >= 1 && days < 1e6) {
		return ""
	}
	const zero = -2209161600 // as Unix time
	return time.Unix(zero+int64(days*86400), 0).UTC().Format(time.RFC3339)
}
