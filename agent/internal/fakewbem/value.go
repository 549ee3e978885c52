package fakewbem

import (
	"fmt"
	"strconv"
	"time"
)

// cimTypes are the types' names, as in MOF.
var cimTypes = map[string]uint32{
	"sint8": Sint8, "uint8": Uint8, "sint16": Sint16, "uint16": Uint16, "sint32": Sint32, "uint32": Uint32,
	"sint64": Sint64, "uint64": Uint64, "real32": Real32, "real64": Real64, "boolean": Boolean, "string": String, "datetime": Date,
}

// NewValue makes what WMI gives for a property of a type that MOF names so, such
// as uint32. The text is decimal, true or false; a datetime is RFC 3339 in UTC
// and becomes one with an offset. What a datetime says otherwise travels as it is.
func NewValue(cimType, text string) (Value, error) {
	cim, ok := cimTypes[cimType]
	if !ok {
		return Value{}, fmt.Errorf("making a value: CIM has no type %q", cimType)
	}
	v := Value{CIM: cim}
	var err error
	switch cim {
	case Boolean:
		var b bool
		b, err = strconv.ParseBool(text)
		v.Kind, v.Data = Bool, uint64(0)
		if b {
			v.Data = uint64(0xffff) // VARIANT_TRUE
		}
	case String, Sint64, Uint64: // 64 bits travel as text
		v.Kind, v.Data = BSTR, text
	case Date:
		v.Kind, v.Data = BSTR, cimDate(text)
	case Uint8:
		v.Kind = UI1
		v.Data, err = strconv.ParseUint(text, 10, 8)
	case Uint16, Uint32: // signed, whatever the type says
		v.Kind = I4
		v.Data, err = strconv.ParseUint(text, 10, map[uint32]int{Uint16: 16, Uint32: 32}[cim])
	case Sint8, Sint16:
		v.Kind = I2
		v.Data, err = signed(text, 16)
	case Sint32:
		v.Kind = I4
		v.Data, err = signed(text, 32)
	default:
		err = fmt.Errorf("making a value: %s is not written yet", cimType)
	}
	if err != nil {
		return Value{}, fmt.Errorf("making a %s: %w", cimType, err)
	}
	return v, nil
}

// NoValue is a property of a type that the provider left without a value.
func NoValue(cimType string) Value { return Value{Kind: Null, CIM: cimTypes[cimType]} }

func signed(text string, bits int) (uint64, error) {
	n, err := strconv.ParseInt(text, 10, bits)
	return uint64(n) & (1<<bits - 1), err
}

// offset is what a provider east of Greenwich writes behind its times, in
// minutes.
const offset = 60

// cimDate writes a time as CIM does: 20261122021209.000000+060.
func cimDate(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	return at.UTC().Add(offset*time.Minute).Format("20060102150405.000000") + fmt.Sprintf("+%03d", offset)
}
