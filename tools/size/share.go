package main

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// share is what one package has in a program, in bytes. Code is machine code.
// Lines is what Go keeps for each function beside it: its name, lines, stack maps,
// and on Windows its rows for unwinding and relocation. Data is variables and
// tables, types their descriptors and names.
type share struct {
	Package string `json:"package"`
	Bytes   int64  `json:"bytes"`
	Code    int64  `json:"code"`
	Lines   int64  `json:"lines"`
	Data    int64  `json:"data"`
	Types   int64  `json:"types"`
}

// rest is what no package can be named for.
type rest struct {
	What  string `json:"what"`
	Bytes int64  `json:"bytes"`
}

const (
	kindRest = iota
	kindCode
	kindLines
	kindData
	kindTypes
)

// owner is who has a byte of the file, or for kindRest what it is.
type owner struct {
	name string
	kind int
}

// canvas has an owner for every byte of a file, so that the sum is the file.
type canvas struct {
	image  *image
	owners []owner
	index  map[owner]uint16
	bytes  []uint16 // into owners; 0 is nobody
	err    error
}

const (
	severalPackages = "lines, stack maps and names that several packages share"
	mainPackage     = module + "/agent/cmd/osiris-agent"
	module          = "github.com/osiriscare/osiris"
)

func newCanvas(m *image) *canvas {
	c := &canvas{image: m, index: map[owner]uint16{}, bytes: make([]uint16, len(m.data))}
	c.of(owner{"headers, padding and what only the system's loader reads", kindRest})
	return c
}

func (c *canvas) of(o owner) uint16 {
	if o.name == "main" && o.kind != kindRest {
		o.name = mainPackage
	}
	i, ok := c.index[o]
	if !ok {
		i = uint16(len(c.owners))
		c.owners, c.index[o] = append(c.owners, o), i
	}
	return i
}

// claim gives bytes to an owner. What another package claimed before is shared
// from then on; nobody takes anything from the rest.
func (c *canvas) claim(at, n int, o owner) {
	if at < 0 || n < 0 || at+n > len(c.bytes) {
		c.err = fmt.Errorf("%s claims %d bytes at %d, outside the file", o.name, n, at)
		return
	}
	me := c.of(o)
	for i := at; i < at+n; i++ {
		switch had := c.owners[c.bytes[i]]; {
		case c.bytes[i] == 0:
			c.bytes[i] = me
		case had.kind != kindRest && o.kind != kindRest && had.name != c.owners[me].name:
			c.bytes[i] = c.of(owner{severalPackages, kindRest})
		}
	}
}

// claimAt is claim for an address; what is not in the file takes nothing.
func (c *canvas) claimAt(addr uint64, n int, o owner) {
	if at, ok := c.image.at(addr); ok {
		c.claim(at, n, o)
	}
}

// divide says who has the bytes of a stripped program. Names are from the same
// program with its symbol table, which the linker lays out alike.
func divide(stripped, named *image) ([]share, []rest, error) {
	if err := sameLayout(stripped, named); err != nil {
		return nil, nil, err
	}
	stripped.symbols = named.symbols
	c := newCanvas(stripped)
	for _, paint := range []func(*canvas) error{paintFunctions, paintUnwinding, paintTypes, paintSymbols, paintSections, paintRelocations} {
		if err := paint(c); err != nil {
			return nil, nil, err
		}
	}
	if c.err != nil {
		return nil, nil, c.err
	}
	shares, others := c.sum()
	return shares, others, nil
}

// sum counts, largest first.
func (c *canvas) sum() (shares []share, others []rest) {
	counts := make([]int64, len(c.owners))
	for _, o := range c.bytes {
		counts[o]++
	}
	at := map[string]int{}
	for i, o := range c.owners {
		if counts[i] == 0 {
			continue
		}
		if o.kind == kindRest {
			others = append(others, rest{o.name, counts[i]})
			continue
		}
		n, ok := at[o.name]
		if !ok {
			n = len(shares)
			at[o.name], shares = n, append(shares, share{Package: o.name})
		}
		s := &shares[n]
		s.Bytes += counts[i]
		*[...]*int64{kindCode: &s.Code, kindLines: &s.Lines, kindData: &s.Data, kindTypes: &s.Types}[o.kind] += counts[i]
	}
	slices.SortFunc(shares, func(a, b share) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), strings.Compare(a.Package, b.Package))
	})
	slices.SortFunc(others, func(a, b rest) int { return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), strings.Compare(a.What, b.What)) })
	return shares, others
}

// paintSymbols gives data to the package of its symbol: from there to the next.
func paintSymbols(c *canvas) error {
	symbols := c.image.symbols
	for i := 0; i < len(symbols); {
		// Of several names at one place that of a package counts, not a mark of the
		// linker's such as runtime.rodata.
		next, name := i, ""
		for ; next < len(symbols) && symbols[next].addr == symbols[i].addr; next++ {
			if n := symbols[next].name; name == "" || isMark(name) {
				name = n
			}
		}
		at, ok := c.image.at(symbols[i].addr)
		if ok && !isMark(name) {
			end := c.image.endOf(symbols[i].addr)
			if next < len(symbols) {
				end = min(end, symbols[next].addr)
			}
			c.claim(at, int(end-symbols[i].addr), dataOwner(name))
		}
		i = next
	}
	return nil
}

// containers are symbols in which the linker gathers what has no name.
var containers = map[string]string{
	"type:*":              "types without a package, and names that types share",
	"go:string.*":         "texts of the code: the linker keeps one of each",
	"go:func.*":           "stack maps",
	"runtime.gcbits.*":    "pointer maps of types: the linker keeps one of each",
	"runtime.findfunctab": "index of the functions",
	"runtime.pclntab":     "line table: what is for no function",
	"runtime.itablink":    "lists of types and interfaces",
	"runtime.typelink":    "lists of types and interfaces",
}

func dataOwner(name string) owner {
	if what := containers[name]; what != "" {
		return owner{what, kindRest}
	}
	if pkg := packageOf(name); pkg != "" {
		return owner{pkg, kindData}
	}
	return owner{"constants without a package", kindRest}
}

// isMark tells the linker's names for the ends of sections.
func isMark(name string) bool {
	mark, ok := strings.CutPrefix(name, "runtime.")
	return ok && slices.Contains(marks, mark)
}

var marks = strings.Fields("text etext rodata erodata types etypes noptrdata enoptrdata data edata bss ebss noptrbss enoptrbss end epclntab " +
	"gcdata gcbss covctrs ecovctrs esymtab symtab")

// endOf is where the section of an address ends in the file.
func (m *image) endOf(addr uint64) uint64 {
	for _, s := range m.sections {
		if end := s.addr + uint64(s.size); addr >= s.addr && addr < end {
			return end
		}
	}
	return addr
}

// paintSections names what is left of each section.
func paintSections(c *canvas) error {
	for _, s := range c.image.sections {
		if s.name != ".reloc" {
			c.claim(s.offset, s.size, owner{"other bytes of " + s.name, kindRest})
		}
	}
	return nil
}

// paintRelocations gives each place that Windows must relocate, two bytes of
// .reloc, to the owner of the place; a block of them has a head of 8 bytes
// (learn.microsoft.com, "PE Format").
func paintRelocations(c *canvas) error {
	i := slices.IndexFunc(c.image.sections, func(s section) bool { return s.name == ".reloc" })
	if i < 0 {
		return nil
	}
	s := c.image.sections[i]
	for at, end := s.offset, s.offset+s.size; at+8 <= end; {
		page := uint64(binary.LittleEndian.Uint32(c.image.data[at:]))
		size := int(binary.LittleEndian.Uint32(c.image.data[at+4:]))
		if size < 8 || at+size > end {
			break
		}
		for entry := at + 8; entry < at+size; entry += 2 {
			place := c.image.base + page + uint64(binary.LittleEndian.Uint16(c.image.data[entry:])&0xfff)
			o := owner{"relocations", kindRest}
			if target, ok := c.image.at(place); ok && c.owners[c.bytes[target]].kind != kindRest {
				o = owner{c.owners[c.bytes[target]].name, kindLines}
			}
			c.claim(entry, 2, o)
		}
		at += size
	}
	c.claim(s.offset, s.size, owner{"relocations", kindRest})
	return nil
}
