// Package oui names the maker of a network card by the first bytes of its MAC
// address.
//
// The table is the IEEE's public listing of MA-L, MA-M and MA-S assignments (its
// Registration Authority asserts no copyright in it and does not restrict its
// distribution) as Debian's package ieee-data 20220827.1 has it, read 2026-11-22.
// It is text, compressed: a line for each maker, its name, a tab, and its prefixes
// in hexadecimal parted by blanks; the longest that fits decides. TestTheTable says
// how to make it anew. The table is read when the first maker is asked for, and
// takes 3 MB then. A maker that is not in it is "".
package oui

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"
)

//go:embed oui.txt.gz
var packed []byte

// maxName bounds a maker's name.
const maxName = 64

var table = sync.OnceValues(func() (map[string]string, error) {
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("reading the table of makers: %w", err)
	}
	return parse(unpacked)
})

// Table is the one that is compiled in.
type Table struct{}

// Vendor names the maker of a MAC such as 00:15:5d:01:02:03, or is "".
func (Table) Vendor(mac string) string {
	digits := strings.ToUpper(strings.ReplaceAll(mac, ":", ""))
	if len(digits) != 12 {
		return ""
	}
	makers, err := table()
	if err != nil {
		return "" // TestTheTable reads it
	}
	for _, n := range []int{9, 7, 6} { // MA-S, MA-M, MA-L
		if name := makers[digits[:n]]; name != "" {
			return name
		}
	}
	return ""
}

// Matches tells whether a maker's name has a part: words of it, in whatever case. The
// last may be the beginning of one, unless it has three letters or less: GE is
// GE Healthcare's, and not a thousand others'.
func Matches(name, part string) bool {
	name, part = strings.ToLower(name), strings.ToLower(strings.TrimSpace(part))
	if part == "" {
		return false
	}
	last := part[strings.LastIndexByte(part, ' ')+1:]
	for at := 0; ; at++ {
		found := strings.Index(name[at:], part)
		if found < 0 {
			return false
		}
		at += found
		end := at + len(part)
		if !inWord(name, at) && (len(last) > 3 || !inWord(name, end)) {
			return true
		}
	}
}

// inWord tells whether a word goes on at a place.
func inWord(name string, at int) bool {
	return at > 0 && at < len(name) && letter(name[at-1]) && letter(name[at])
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 0x80 }

// Makers counts those whose name has a part.
func (Table) Makers(part string) (n int, err error) {
	makers, err := table()
	if err != nil {
		return 0, err
	}
	seen := map[string]bool{}
	for _, name := range makers {
		if !seen[name] && Matches(name, part) {
			n++
		}
		seen[name] = true
	}
	return n, nil
}

// parse reads the table.
func parse(r io.Reader) (map[string]string, error) {
	out := make(map[string]string, 50_000)
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		name, prefixes, ok := strings.Cut(lines.Text(), "\t")
		if !ok || name == "" || len(name) > maxName {
			return nil, fmt.Errorf("reading the table of makers: line %d is no maker's", n)
		}
		for prefix := range strings.FieldsSeq(prefixes) {
			out[prefix] = name
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading the table of makers: %w", err)
	}
	return out, nil
}
