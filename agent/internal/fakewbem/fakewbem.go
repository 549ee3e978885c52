// Package fakewbem is WMI in Go, for tests on Windows and under Wine, which
// lacks the namespaces of security products: an IWbemLocator that takes the
// place of Windows' own in this process, and behind it services, enumerators and
// instances. Who asks through COM gets what Go functions say, in the VARIANTs,
// strings and arrays of WMI. It changes nothing outside the process.
//
// Codes are HRESULTs and WBEMSTATUS, 0 is success; kinds are those of a
// VARIANT, types those of CIM. What was asked for and is unknown here is
// answered as WMI does: InvalidClass, NotFound. Each object counts its
// references, and Alive tells how many nobody gave back.
//
// Sources: wbemcli.h, oaidl.h and wtypes.h as mingw-w64 has them, [MS-WMIO] and
// "Numeric representation" of learn.microsoft.com for how types travel
// (read 2026-11-22).
package fakewbem

// Kinds of a VARIANT (wtypes.h).
const (
	Empty = 0
	Null  = 1
	I2    = 2
	I4    = 3
	R4    = 4
	R8    = 5
	BSTR  = 8
	Bool  = 11
	I1    = 16
	UI1   = 17
	UI2   = 18
	UI4   = 19
	I8    = 20
	UI8   = 21
	Array = 0x2000
)

// Types of a CIM property (wbemcli.h); those of arrays have Array too.
const (
	Sint16  = 2
	Sint32  = 3
	Real32  = 4
	Real64  = 5
	String  = 8
	Boolean = 11
	Sint8   = 16
	Uint8   = 17
	Uint16  = 18
	Uint32  = 19
	Sint64  = 20
	Uint64  = 21
	Date    = 101
)

// What WMI says (wbemcli.h).
const (
	NotFound     = 0x80041002
	InvalidClass = 0x80041010
	InvalidQuery = 0x80041017
	NotSupported = 0x8004100c
)

// Value is one property: how it travels, and its CIM type.
type Value struct {
	Kind uint16
	CIM  uint32
	// Data is uint64 for what fits into one, string for BSTR, []any of these for
	// arrays.
	Data any
}
