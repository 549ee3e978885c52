// Package wire encodes and decodes the generated messages of proto/*/v1/*lite by
// their struct tags. The generated methods are 150 KB of code and their line
// tables as much again (measured 2026-11-22), this package is 6 KB; the agent
// may therefore not call MarshalVT or UnmarshalVT, nor anything that does. It
// knows what those files use of proto3: strings, bytes, bool, 32 and 64-bit
// varints, enums, messages, repeated strings, bytes and messages, and oneofs of
// messages. Unknown fields are skipped. The encoding is checked against the
// standard runtime. Source: protobuf.dev, encoding (read 2026-11-22).
package wire

import (
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"unsafe"

	"github.com/osiriscare/osiris/proto/compliance/v1/compliancelite"
)

// ErrMalformed means bytes that are no such message.
var ErrMalformed = errors.New("malformed message")

// Wire types.
const (
	typeVarint = 0
	type64     = 1
	typeBytes  = 2
	type32     = 5
)

// wrappers are the members of the oneofs that are decoded.
var wrappers = [...]any{
	(*compliancelite.ApplianceMessage_Welcome)(nil), (*compliancelite.ApplianceMessage_Ack)(nil),
	(*compliancelite.ApplianceMessage_Command)(nil), (*compliancelite.ApplianceMessage_Policy)(nil),
	(*compliancelite.ApplianceMessage_Drain)(nil), (*compliancelite.ApplianceMessage_StateRequest)(nil),
}

// number is the field number in a struct tag, 0 for a field that is none:
// `protobuf:"bytes,3,opt,name=...`.
func number(tag reflect.StructTag) uint64 {
	rest, ok := strings.CutPrefix(string(tag), `protobuf:"`)
	if !ok {
		return 0
	}
	_, rest, _ = strings.Cut(rest, ",")
	n := uint64(0)
	for i := 0; i < len(rest) && rest[i] >= '0' && rest[i] <= '9'; i++ {
		n = n*10 + uint64(rest[i]-'0')
	}
	return n
}

// AppendBytes appends a field of bytes, a string or an encoded message, also
// when it is empty.
func AppendBytes(b []byte, num uint64, value []byte) []byte {
	b = binary.AppendUvarint(b, num<<3|typeBytes)
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

// AppendVarint appends a number field unless it is zero.
func AppendVarint(b []byte, num, value uint64) []byte {
	if value == 0 {
		return b
	}
	return binary.AppendUvarint(binary.AppendUvarint(b, num<<3|typeVarint), value)
}

// Marshal encodes the message that m points to.
func Marshal(m any) []byte {
	v := reflect.ValueOf(m)
	return appendMessage(nil, v.Type().Elem(), v.UnsafePointer())
}

func appendMessage(b []byte, t reflect.Type, p unsafe.Pointer) []byte {
	for i := range t.NumField() {
		f := t.Field(i)
		at := unsafe.Add(p, f.Offset)
		if f.Type.Kind() == reflect.Interface {
			if member := reflect.NewAt(f.Type, at).Elem().Elem(); member.IsValid() {
				b = appendMessage(b, member.Type().Elem(), member.UnsafePointer())
			}
			continue
		}
		if num := number(f.Tag); num != 0 {
			b = appendField(b, num, f.Type, at)
		}
	}
	return b
}

func appendField(b []byte, num uint64, t reflect.Type, at unsafe.Pointer) []byte {
	switch t.Kind() {
	case reflect.String:
		if s := *(*string)(at); s != "" {
			return AppendBytes(b, num, []byte(s))
		}
	case reflect.Bool:
		if *(*bool)(at) {
			return AppendVarint(b, num, 1)
		}
	case reflect.Int32:
		return AppendVarint(b, num, uint64(*(*int32)(at)))
	case reflect.Uint32:
		return AppendVarint(b, num, uint64(*(*uint32)(at)))
	case reflect.Int64, reflect.Uint64:
		return AppendVarint(b, num, *(*uint64)(at))
	case reflect.Pointer:
		if m := *(*unsafe.Pointer)(at); m != nil {
			return AppendBytes(b, num, appendMessage(nil, t.Elem(), m))
		}
	case reflect.Slice:
		return appendRepeated(b, num, t.Elem(), at)
	default: // no message has another kind, as a test proves
	}
	return b
}

func appendRepeated(b []byte, num uint64, elem reflect.Type, at unsafe.Pointer) []byte {
	switch elem.Kind() {
	case reflect.Uint8:
		if s := *(*[]byte)(at); len(s) > 0 {
			return AppendBytes(b, num, s)
		}
	case reflect.String:
		for _, s := range *(*[]string)(at) {
			b = AppendBytes(b, num, []byte(s))
		}
	case reflect.Slice:
		for _, s := range *(*[][]byte)(at) {
			b = AppendBytes(b, num, s)
		}
	default:
		for _, m := range *(*[]unsafe.Pointer)(at) {
			b = AppendBytes(b, num, appendMessage(nil, elem.Elem(), m))
		}
	}
	return b
}
