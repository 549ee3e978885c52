package winapi

import (
	"math"
	"strconv"
	"unsafe"
)

// maxText and maxElements bound one property, in characters and elements.
const (
	maxText     = 1 << 16
	maxElements = 4096
)

// variant is VARIANT of oaidl.h on a 64-bit system.
type variant struct {
	kind  uint16
	_     [3]uint16
	value uint64
	_     uint64
}

// Kinds of a VARIANT (wtypes.h).
const (
	vtEmpty = 0
	vtNull  = 1
	vtI2    = 2
	vtI4    = 3
	vtR4    = 4
	vtR8    = 5
	vtBSTR  = 8
	vtBool  = 11
	vtI1    = 16
	vtUI1   = 17
	vtUI2   = 18
	vtUI4   = 19
	vtI8    = 20
	vtUI8   = 21
	vtArray = 0x2000
)

// Types of a CIM property (wbemcli.h); arrays have vtArray too.
const (
	cimSint16 = 2
	cimSint32 = 3
	cimBool   = 11
	cimUint8  = 17
	cimUint16 = 18
	cimUint32 = 19
	cimDate   = 101
)

// clear frees what the variant owns.
func (v *variant) clear() { call(oleaut32, "VariantClear", uintptr(unsafe.Pointer(v))) }

// cell reads a property. WMI gives uint16 and uint32 as signed VT_I4 and 64-bit
// integers as strings, so the CIM type says what is meant.
func (v *variant) cell(cim uint32) (Cell, Code) {
	switch {
	case v.kind == vtEmpty || v.kind == vtNull:
		return Cell{Null: true}, 0
	case v.kind&vtArray != 0:
		text, code := v.array(cim &^ vtArray)
		return Cell{Text: text}, code
	}
	text, code := scalar(v.kind, unsafe.Pointer(&v.value), cim)
	return Cell{Text: text}, code
}

// scalar reads what stands at p.
func scalar(kind uint16, p unsafe.Pointer, cim uint32) (string, Code) {
	var n int64
	switch kind {
	case vtBSTR:
		text := (*bstr)(p).text()
		if cim == cimDate {
			text = cimTime(text)
		}
		return text, 0
	case vtBool:
		if *(*int16)(p) == 0 {
			return "false", 0
		}
		return "true", 0
	case vtR4:
		return strconv.FormatFloat(float64(*(*float32)(p)), 'g', -1, 32), 0
	case vtR8:
		return strconv.FormatFloat(*(*float64)(p), 'g', -1, 64), 0
	case vtUI8:
		return strconv.FormatUint(*(*uint64)(p), 10), 0
	case vtI1:
		n = int64(*(*int8)(p))
	case vtUI1:
		n = int64(*(*uint8)(p))
	case vtI2:
		n = int64(*(*int16)(p))
	case vtUI2:
		n = int64(*(*uint16)(p))
	case vtI4:
		n = int64(*(*int32)(p))
	case vtUI4:
		n = int64(*(*uint32)(p))
	case vtI8:
		n = *(*int64)(p)
	default:
		return "", WrongType // an object, an interface, a currency
	}
	switch cim {
	case cimUint8:
		n &= math.MaxUint8
	case cimUint16:
		n &= math.MaxUint16
	case cimUint32:
		n &= math.MaxUint32
	}
	return strconv.FormatInt(n, 10), 0
}

// safeArray is SAFEARRAY of oaidl.h with one dimension.
type safeArray struct {
	dimensions, _ uint16
	size, _       uint32
	data          unsafe.Pointer
	count         uint32
	_             int32
}

// array reads a one-dimensional SAFEARRAY, a line for each element.
func (v *variant) array(cim uint32) (string, Code) {
	a := *(**safeArray)(unsafe.Pointer(&v.value))
	switch {
	case a == nil:
		return "", 0
	case a.dimensions != 1:
		return "", WrongType
	case a.count > maxElements:
		return "", TooMuch
	}
	text := ""
	for i := range a.count {
		element, code := scalar(v.kind&^vtArray, unsafe.Add(a.data, i*a.size), cim)
		if code != 0 {
			return "", code
		}
		if i > 0 {
			text += "\n"
		}
		text += element
		if len(text) > maxBytes {
			return "", TooMuch
		}
	}
	return text, 0
}

// newVariant makes what a property of this CIM type takes; clear it.
func newVariant(text string, cim uint32) (variant, Code) {
	v := variant{kind: vtI4}
	bits := -32 // fewer than 0 for signed ones
	switch cim {
	case cimBool:
		v.kind = vtBool
		if text == "true" {
			v.value = math.MaxUint16 // VARIANT_TRUE
		} else if text != "false" {
			return v, WrongType
		}
		return v, 0
	case cimUint8:
		v.kind, bits = vtUI1, 8
	case cimUint16:
		bits = 16
	case cimUint32:
		bits = 32
	case cimSint16:
		v.kind, bits = vtI2, -16
	case cimSint32:
	default:
		if cim&vtArray != 0 {
			return v, WrongType
		}
		v.kind = vtBSTR
		*(*bstr)(unsafe.Pointer(&v.value)) = newBSTR(text)
		return v, 0
	}
	var err error
	if bits > 0 {
		v.value, err = strconv.ParseUint(text, 10, bits)
	} else {
		var n int64
		n, err = strconv.ParseInt(text, 10, -bits)
		v.value = uint64(uint32(n))
	}
	if err != nil {
		return v, WrongType
	}
	return v, 0
}
