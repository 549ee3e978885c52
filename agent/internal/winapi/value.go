package winapi

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Kinds of registry values (winnt.h).
const (
	RegString   = 1
	RegExpand   = 2
	RegBinary   = 3
	RegDWORD    = 4
	RegMulti    = 7
	RegQWORD    = 11
	regDWORDBig = 5
)

// Value is one registry value. Text is decimal for numbers, the text itself for
// strings (variables not expanded), lines for a multi-string, hexadecimal for
// everything else.
type Value struct {
	Kind uint32
	Text string
}

// parseValue reads what the registry keeps: it checks no length and no
// terminator, so a value may have too few bytes for its kind.
func parseValue(kind uint32, data []byte) Value {
	v := Value{Kind: kind}
	switch {
	case kind == RegString || kind == RegExpand:
		v.Text, _, _ = strings.Cut(utf16Text(data), "\x00")
	case kind == RegMulti:
		v.Text = multiText(utf16Text(data))
	case kind == RegDWORD && len(data) == 4:
		v.Text = strconv.FormatUint(uint64(binary.LittleEndian.Uint32(data)), 10)
	case kind == regDWORDBig && len(data) == 4:
		v.Text = strconv.FormatUint(uint64(binary.BigEndian.Uint32(data)), 10)
	case kind == RegQWORD && len(data) == 8:
		v.Text = strconv.FormatUint(binary.LittleEndian.Uint64(data), 10)
	default:
		v.Text = hex.EncodeToString(data)
	}
	return v
}

func utf16Text(data []byte) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
}

// multiText turns a list of terminated strings into lines. An empty string ends
// the list, but PendingFileRenameOperations has empty ones inside (delete this
// file), so only those at the end go.
func multiText(text string) string {
	return strings.ReplaceAll(strings.TrimRight(text, "\x00"), "\x00", "\n")
}
