package wire

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"strings"
	"unsafe"
)

// Unmarshal decodes b into the message that m points to, which should be new.
func Unmarshal(b []byte, m any) error {
	v := reflect.ValueOf(m)
	return decodeMessage(b, v.Type().Elem(), v.UnsafePointer())
}

func decodeMessage(b []byte, t reflect.Type, p unsafe.Pointer) error {
	for len(b) > 0 {
		num, value, content, rest, err := next(b)
		if err != nil {
			return err
		}
		b = rest
		at, ft := locate(num, t, p)
		if at == nil {
			continue
		}
		if err := decodeField(value, content, ft, at); err != nil {
			return err
		}
	}
	return nil
}

// next cuts the first field. content is nil unless it is one of bytes.
func next(b []byte) (num, value uint64, content, rest []byte, err error) {
	tag, n := binary.Uvarint(b)
	if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
		return 0, 0, nil, nil, ErrMalformed
	}
	b = b[n:]
	switch tag & 7 {
	case typeVarint:
		if value, n = binary.Uvarint(b); n <= 0 {
			return 0, 0, nil, nil, ErrMalformed
		}
		return tag >> 3, value, nil, b[n:], nil
	case typeBytes:
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return 0, 0, nil, nil, ErrMalformed
		}
		end := n + int(size)
		return tag >> 3, 0, b[n:end:end], b[end:], nil
	case type64, type32: // only unknown fields have these
		size := 8
		if tag&7 == type32 {
			size = 4
		}
		if len(b) < size {
			return 0, 0, nil, nil, ErrMalformed
		}
		return unknown, 0, nil, b[size:], nil
	}
	return 0, 0, nil, nil, ErrMalformed
}

// unknown is the number of no field.
const unknown = 1 << 29

// locate finds where a field of the message at p goes; at is nil when the
// message has no such field.
func locate(num uint64, t reflect.Type, p unsafe.Pointer) (at unsafe.Pointer, ft reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Type.Kind() == reflect.Interface {
			if at, ft := member(num, t.Name(), reflect.NewAt(f.Type, unsafe.Add(p, f.Offset)).Elem()); at != nil {
				return at, ft
			}
		} else if number(f.Tag) == num {
			return unsafe.Add(p, f.Offset), f.Type
		}
	}
	return nil, nil
}

// member sets a oneof to its member with this number.
func member(num uint64, message string, oneof reflect.Value) (at unsafe.Pointer, ft reflect.Type) {
	for _, w := range wrappers {
		t := reflect.TypeOf(w).Elem()
		f := t.Field(0)
		if number(f.Tag) == num && strings.HasPrefix(t.Name(), message+"_") {
			v := reflect.New(t)
			oneof.Set(v)
			return v.UnsafePointer(), f.Type
		}
	}
	return nil, nil
}

func decodeField(value uint64, content []byte, t reflect.Type, at unsafe.Pointer) error {
	kind := t.Kind()
	isBytes := kind == reflect.String || kind == reflect.Slice || kind == reflect.Pointer
	if isBytes != (content != nil) {
		return ErrMalformed
	}
	switch kind {
	case reflect.String:
		*(*string)(at) = string(content)
	case reflect.Bool:
		*(*bool)(at) = value != 0
	case reflect.Int32, reflect.Uint32:
		*(*uint32)(at) = uint32(value)
	case reflect.Int64, reflect.Uint64:
		*(*uint64)(at) = value
	case reflect.Pointer:
		m := (*unsafe.Pointer)(at)
		if *m == nil {
			*m = reflect.New(t.Elem()).UnsafePointer()
		}
		return decodeMessage(content, t.Elem(), *m)
	case reflect.Slice:
		return decodeRepeated(content, t.Elem(), at)
	default: // no message has another kind, as a test proves
	}
	return nil
}

func decodeRepeated(content []byte, elem reflect.Type, at unsafe.Pointer) error {
	switch elem.Kind() {
	case reflect.Uint8:
		*(*[]byte)(at) = bytes.Clone(content)
	case reflect.String:
		s := (*[]string)(at)
		*s = append(*s, string(content))
	case reflect.Slice:
		s := (*[][]byte)(at)
		*s = append(*s, bytes.Clone(content))
	default:
		m := reflect.New(elem.Elem()).UnsafePointer()
		s := (*[]unsafe.Pointer)(at)
		*s = append(*s, m)
		return decodeMessage(content, elem.Elem(), m)
	}
	return nil
}
