package main

import (
	"encoding/binary"
	"errors"
	"slices"
)

var errNames = errors.New("the build with names has no symbol runtime.text, runtime.types, runtime.pclntab, go:func.* or type:*")

// paintFunctions gives each function's code, record, name, lists and stack maps to
// its package.
func paintFunctions(c *canvas) error {
	text, ok1 := c.image.address("runtime.text")
	lines, ok2 := c.image.address("runtime.pclntab")
	stack, ok3 := c.image.address("go:func.*")
	start, ok4 := c.image.at(lines)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return errNames
	}
	t, err := readLines(c.image.data[start:])
	if err != nil {
		return err
	}
	// The parts of a table have no lengths of their own: one ends where the next
	// begins, and only its users are known.
	var values, stacks, units []int
	for i := range t.funcs {
		f := &t.funcs[i]
		values, stacks = append(values, f.values...), append(stacks, f.stack...)
		if f.unit < (t.files-t.units)/4 { // what the linker made is of no unit
			units = append(units, f.unit)
		}
	}
	valueEnds := ends(values, t.table-t.values)
	unitEnds := ends(units, (t.files-t.units)/4)
	stackEnds := ends(stacks, c.sizeOfSymbol(stack))
	for i := range t.funcs {
		f := &t.funcs[i]
		pkg := packageOf(f.name)
		if folder := folderOf(t.file(f)); pkg == "" {
			pkg = folder
		}
		if pkg == "" {
			pkg = "runtime" // made by the linker: start-up and glue
		}
		mine, code := owner{pkg, kindLines}, owner{pkg, kindCode}
		if pkg == "go" { // go.(*struct { sync.Mutex; ... }).Lock
			mine = owner{"methods of types without a name", kindRest}
			code = mine
		}
		c.claimAt(text+uint64(f.code), f.end-f.code, code)
		c.claim(start+t.table+8*i, 8, mine)
		c.claim(start+f.record, f.size, mine)
		c.claim(start+t.names+int(t.u32(f.record+4)), len(f.name)+1, mine)
		for _, v := range f.values {
			if v != 0 { // 0 is "none"
				c.claim(start+t.values+v, valueEnds[v]-v, mine)
			}
		}
		for _, s := range f.stack {
			c.claimAt(stack+uint64(s), stackEnds[s]-s, mine)
		}
		unitEnd, ok := unitEnds[f.unit]
		if !ok {
			continue
		}
		c.claim(start+t.units+4*f.unit, 4*(unitEnd-f.unit), mine)
		for at := f.unit; at < unitEnd; at++ {
			if offset := int(t.u32(t.units + 4*at)); uint32(offset) != noStack {
				c.claim(start+t.files+offset, len(t.fileAt(offset))+1, mine)
			}
		}
	}
	return nil
}

// sizeOfSymbol is the distance to the next symbol behind an address.
func (c *canvas) sizeOfSymbol(addr uint64) int {
	end := c.image.endOf(addr)
	for _, s := range c.image.symbols {
		if s.addr > addr {
			end = min(end, s.addr)
			break
		}
	}
	return int(end - addr)
}

// paintUnwinding gives Windows' row of each function in .pdata to the
// owner of the code that it begins with.
func paintUnwinding(c *canvas) error {
	i := slices.IndexFunc(c.image.sections, func(s section) bool { return s.name == ".pdata" })
	if i < 0 {
		return nil
	}
	s := c.image.sections[i]
	row := 12
	if c.image.arm64 { // the unwinding itself is packed into the row, or in .xdata
		row = 8
	}
	for at := s.offset; at+row <= s.offset+s.size; at += row {
		begin := c.image.base + uint64(binary.LittleEndian.Uint32(c.image.data[at:]))
		if code, ok := c.image.at(begin); ok && c.owners[c.bytes[code]].kind == kindCode {
			c.claim(at, row, owner{c.owners[c.bytes[code]].name, kindLines})
		}
	}
	return nil
}
