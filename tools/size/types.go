package main

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// The linker puts all descriptors of types and their names behind one symbol.
// They have no lengths but can be told apart: each descriptor begins with a head
// that says its kind, its counts and where its name is (internal/abi/type.go of Go
// 1.26; 64-bit systems). What does not look like one is passed over by a word.

// descriptor is one type.
type descriptor struct {
	at, size int
	text     int // offset of its name
	pkg      int // offset of its package's path, 0 if it has none
}

// descriptors is the region of types. Offsets are into it, as Go's own.
type descriptors struct{ data []byte }

const (
	headOfType = 48
	uncommon   = 1 << 0 // TFlagUncommon
	flagsKnown = 1<<6 - 1
	maxFields  = 4096
)

// Kinds of reflect whose descriptors are longer than the head.
var bodyOfKind = map[byte]int{17: 24, 18: 16, 19: 8, 20: 32, 21: 64, 22: 8, 23: 8, 25: 32} // array, chan, func, interface, map, pointer, slice, struct

func (d descriptors) u16(at int) int { return int(binary.LittleEndian.Uint16(d.data[at:])) }
func (d descriptors) u32(at int) int { return int(binary.LittleEndian.Uint32(d.data[at:])) }
func (d descriptors) u64(at int) uint64 {
	return binary.LittleEndian.Uint64(d.data[at:])
}

// name is the text of an encoded name and its length with all that follows.
func (d descriptors) name(at int) (text string, size int, ok bool) {
	if at <= 0 || at+2 > len(d.data) || d.data[at] > 15 {
		return "", 0, false
	}
	n, k := binary.Uvarint(d.data[at+1 : min(at+6, len(d.data))])
	begin := at + 1 + k
	if k <= 0 || n == 0 || n > 4096 || begin+int(n) > len(d.data) {
		return "", 0, false
	}
	text, size = string(d.data[begin:begin+int(n)]), 1+k+int(n)
	if d.data[at]&2 != 0 { // a tag follows
		n, k := binary.Uvarint(d.data[at+size : min(at+size+5, len(d.data))])
		if k <= 0 || n > 4096 || at+size+k+int(n) > len(d.data) {
			return "", 0, false
		}
		size += k + int(n)
	}
	if d.data[at]&4 != 0 { // a package's path follows
		size += 4
	}
	return text, size, utf8.ValidString(text)
}

// read reads the descriptor at an offset; false if there is none.
func (d descriptors) read(at int) (t descriptor, ok bool) {
	if at+headOfType > len(d.data) {
		return t, false
	}
	head := d.data[at : at+headOfType]
	flags, align, kind := head[20], head[21], head[23]
	t = descriptor{at: at, text: d.u32(at + 40)}
	if _, _, named := d.name(t.text); !named || kind == 0 || kind > 26 || flags > flagsKnown || align == 0 || align > 64 || align&(align-1) != 0 ||
		d.u64(at+8) > d.u64(at) || d.u64(at) > 1<<40 {
		return t, false
	}
	t.size = headOfType + bodyOfKind[kind]
	if at+t.size+16 > len(d.data) {
		return t, false
	}
	extra := at + t.size // where what is uncommon stands
	if flags&uncommon != 0 {
		t.size += 16
	}
	switch kind {
	case 19:
		t.size += 8 * (d.u16(at+48) + d.u16(at+50)&0x7fff)
	case 20, 25:
		n := d.u64(at + 64)
		if n > maxFields || n != d.u64(at+72) {
			return t, false
		}
		if kind == 20 {
			t.size += 8 * int(n)
		} else {
			t.size += 24 * int(n)
		}
	}
	if flags&uncommon != 0 {
		t.pkg = d.u32(extra)
		if methods := d.u16(extra + 4); methods > 0 {
			t.size = max(t.size, extra-at+d.u32(extra+8)+16*methods)
		}
	}
	return t, at+t.size <= len(d.data)
}

// all finds the descriptors.
func (d descriptors) all() (types []descriptor) {
	for at := 0; at+headOfType <= len(d.data); {
		t, ok := d.read(at)
		if !ok {
			at += 8
			continue
		}
		types = append(types, t)
		at += (t.size + 7) &^ 7
	}
	return types
}

// paintTypes gives each type and its name to its package: the one that the
// descriptor names, or the only one in the program with the name that is written
// before the type's.
func paintTypes(c *canvas) error {
	addr, ok := c.image.address("type:*")
	base, known1 := c.image.address("runtime.types") // offsets count from here
	start, there := c.image.at(base)
	if !ok || !known1 || !there || base > addr {
		return errNames
	}
	d := descriptors{c.image.data[start : start+int(addr-base)+c.sizeOfSymbol(addr)]}
	types := d.all()
	known := map[string]string{} // by last element; "" is several
	learn := func(pkg string) {
		if pkg == "go.shape" {
			return
		}
		last := pkg[strings.LastIndexByte(pkg, '/')+1:]
		if had, ok := known[last]; ok && had != pkg {
			pkg = ""
		}
		known[last] = pkg
	}
	for _, o := range c.owners {
		if o.kind != kindRest {
			learn(o.name)
		}
	}
	for i := range types {
		if pkg, _, ok := d.name(types[i].pkg); ok {
			learn(pkg)
		}
	}
	for i := range types {
		t := &types[i]
		text, size, _ := d.name(t.text)
		pkg, _, ok := d.name(t.pkg)
		if !ok || pkg == "go.shape" { // what generic code is compiled for is nobody's
			pkg = known[shortPackage(text)]
		}
		if pkg == "" {
			continue
		}
		c.claim(start+t.at, t.size, owner{pkg, kindTypes})
		c.claim(start+t.text, size, owner{pkg, kindTypes})
	}
	return nil
}

// shortPackage is the word before the first dot of a type's text.
func shortPackage(text string) string {
	before, _, ok := strings.Cut(text, ".")
	if !ok {
		return ""
	}
	i := strings.LastIndexFunc(before, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9' && r < 'A' || r > 'Z' && r < 'a' || r > 'z' && r < utf8.RuneSelf)
	})
	return before[i+1:]
}
