package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
)

// lineTable is Go's table of functions and lines (runtime.pclntab), as
// runtime/symtab.go and internal/abi/symtab.go of Go 1.20 to 1.26 have it.
type lineTable struct {
	data  []byte
	funcs []function
	// Where its parts begin: names, lists of files, files, runs of values, and the
	// functions themselves.
	names, units, files, values, table int
}

// function is one function of the line table. Offsets are into the table, but for
// code (into the text) and stack (into go:func.*).
type function struct {
	name      string
	code, end int // end is where the next one begins
	record    int
	size      int // of its record
	values    []int
	stack     []int
	unit      int
	first     int // its first file, in its unit
}

const (
	lineMagic  = 0xfffffff1
	headerSize = 8 + 8*8 // of pcHeader
	recordSize = 44      // of _func, before its lists
	noStack    = 0xffffffff
)

var errLines = errors.New("the line table is not that of Go 1.20 to 1.26")

// readLines reads the table that begins data and may end before it.
func readLines(data []byte) (*lineTable, error) {
	if len(data) < headerSize || binary.LittleEndian.Uint32(data) != lineMagic || data[7] != 8 {
		return nil, errLines
	}
	word := func(i int) int { return int(binary.LittleEndian.Uint64(data[8+8*i:])) }
	t := &lineTable{data: data, names: word(3), units: word(4), files: word(5), values: word(6), table: word(7)}
	n := word(0)
	ordered := []int{headerSize, t.names, t.units, t.files, t.values, t.table, len(data)}
	if !slices.IsSorted(ordered) || n < 0 || n > (len(data)-t.table-4)/8 {
		return nil, errLines
	}
	for i := range n {
		f := function{
			code: int(t.u32(t.table + 8*i)), record: t.table + int(t.u32(t.table+8*i+4)),
			end: int(t.u32(t.table + 8*i + 8)),
		}
		if !t.readFunction(&f) {
			return nil, errLines
		}
		t.funcs = append(t.funcs, f)
	}
	return t, nil
}

func (t *lineTable) u32(at int) uint32 { return binary.LittleEndian.Uint32(t.data[at:]) }

// readFunction reads a record (runtime._func); false if it leaves the table.
func (t *lineTable) readFunction(f *function) bool {
	at := f.record
	if at < t.table || at > len(t.data)-recordSize || f.end < f.code {
		return false
	}
	lists, stacks := int(t.u32(at+28)), int(t.data[at+43])
	f.size = recordSize + 4*lists + 4*stacks
	if lists > 64 || at+f.size > len(t.data) {
		return false
	}
	name := t.names + int(t.u32(at+4))
	if name >= t.units {
		return false
	}
	text, _, _ := bytes.Cut(t.data[name:t.units], []byte{0})
	f.name = string(text)
	f.unit = int(t.u32(at + 32))
	for _, field := range []int{16, 20, 24} { // stack depth, file, line
		f.values = append(f.values, int(t.u32(at+field)))
	}
	for i := range lists {
		f.values = append(f.values, int(t.u32(at+recordSize+4*i)))
	}
	for i := range stacks {
		if offset := t.u32(at + recordSize + 4*(lists+i)); offset != noStack {
			f.stack = append(f.stack, int(offset))
		}
	}
	f.first = t.firstFile(int(t.u32(at + 20)))
	return true
}

// firstFile is the first value of a run of files: they begin at -1, and each
// difference is a zigzag varint.
func (t *lineTable) firstFile(run int) int {
	if run <= 0 || t.values+run >= t.table {
		return -1
	}
	delta, _ := binary.Uvarint(t.data[t.values+run : t.table])
	if delta&1 != 0 {
		return -1 + int(^(delta >> 1))
	}
	return -1 + int(delta>>1)
}

// fileAt is the path at an offset in the list of files, "" if there is none.
func (t *lineTable) fileAt(offset int) string {
	if at := t.files + offset; offset >= 0 && at < t.values {
		text, _, _ := bytes.Cut(t.data[at:t.values], []byte{0})
		return string(text)
	}
	return ""
}

// file is the path of a function's source, "" if the table has none.
func (t *lineTable) file(f *function) string {
	at := t.units + 4*(f.unit+f.first)
	if f.first < 0 || f.unit < 0 || at < t.units || at+4 > t.files {
		return ""
	}
	return t.fileAt(int(t.u32(at)))
}

// ends gives for each offset where the next one begins, the last at end: parts of
// a table that lie one behind the other.
func ends(offsets []int, end int) map[int]int {
	slices.Sort(offsets)
	offsets = slices.Compact(offsets)
	next := make(map[int]int, len(offsets))
	for i, at := range offsets {
		if next[at] = end; i+1 < len(offsets) {
			next[at] = offsets[i+1]
		}
	}
	return next
}
