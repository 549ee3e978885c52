package main

import (
	"bytes"
	"cmp"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// section is a part of a program that is loaded, as far as it is in the file.
type section struct {
	name         string
	addr         uint64
	offset, size int
}

// symbol is a name in the linker's symbol table.
type symbol struct {
	name string
	addr uint64
}

// image is one built program.
type image struct {
	data     []byte
	sections []section // by address
	symbols  []symbol  // by address; none in what is released
	base     uint64    // Windows: what relative addresses begin at
	arm64    bool
}

// errFormat: the file is none of ELF, PE and Mach-O.
var errFormat = errors.New("no program of a known format")

// readImage reads a 64-bit program of any of the systems.
func readImage(path string) (*image, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the program: %w", err)
	}
	m := &image{data: data}
	switch r := bytes.NewReader(data); {
	case bytes.HasPrefix(data, []byte(elf.ELFMAG)):
		err = m.readELF(r)
	case bytes.HasPrefix(data, []byte("MZ")):
		err = m.readPE(r)
	case bytes.HasPrefix(data, []byte{0xcf, 0xfa, 0xed, 0xfe}):
		err = m.readMachO(r)
	default:
		err = errFormat
	}
	if err != nil {
		return nil, fmt.Errorf("reading the program %s: %w", path, err)
	}
	slices.SortStableFunc(m.sections, func(a, b section) int { return cmp.Compare(a.addr, b.addr) })
	slices.SortStableFunc(m.symbols, func(a, b symbol) int { return cmp.Compare(a.addr, b.addr) })
	for _, s := range m.sections {
		if s.offset < 0 || s.size < 0 || s.offset+s.size > len(data) {
			return nil, fmt.Errorf("reading the program %s: section %s ends behind the file", path, s.name)
		}
	}
	return m, nil
}

func (m *image) readELF(r *bytes.Reader) error {
	f, err := elf.NewFile(r)
	if err != nil {
		return err
	}
	for _, s := range f.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && s.Type != elf.SHT_NOBITS {
			m.sections = append(m.sections, section{s.Name, s.Addr, int(s.Offset), int(s.FileSize)})
		}
	}
	symbols, err := f.Symbols()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return err
	}
	for _, s := range symbols {
		if s.Section != elf.SHN_UNDEF && s.Section < elf.SHN_LORESERVE {
			m.symbols = append(m.symbols, symbol{s.Name, s.Value})
		}
	}
	return nil
}

func (m *image) readPE(r *bytes.Reader) error {
	f, err := pe.NewFile(r)
	if err != nil {
		return err
	}
	header, ok := f.OptionalHeader.(*pe.OptionalHeader64)
	if !ok {
		return errFormat
	}
	m.base, m.arm64 = header.ImageBase, f.Machine == pe.IMAGE_FILE_MACHINE_ARM64
	for _, s := range f.Sections {
		if s.VirtualAddress != 0 && s.Name != ".symtab" && s.Characteristics&pe.IMAGE_SCN_MEM_DISCARDABLE == 0 || s.Name == ".reloc" {
			m.sections = append(m.sections, section{s.Name, m.base + uint64(s.VirtualAddress), int(s.Offset), int(min(s.Size, s.VirtualSize))})
		}
	}
	for _, s := range f.Symbols {
		if n := int(s.SectionNumber); n > 0 && n <= len(f.Sections) {
			m.symbols = append(m.symbols, symbol{s.Name, m.base + uint64(f.Sections[n-1].VirtualAddress) + uint64(s.Value)})
		}
	}
	return nil
}

func (m *image) readMachO(r *bytes.Reader) error {
	f, err := macho.NewFile(r)
	if err != nil {
		return err
	}
	const zeroFill = 1 // S_ZEROFILL
	for _, s := range f.Sections {
		if s.Flags&0xff != zeroFill && s.Seg != "__DWARF" && s.Offset != 0 {
			m.sections = append(m.sections, section{s.Name, s.Addr, int(s.Offset), int(s.Size)})
		}
	}
	if f.Symtab == nil {
		return nil
	}
	const debugging = 0xe0 // N_STAB
	for _, s := range f.Symtab.Syms {
		if s.Type&debugging == 0 && s.Sect > 0 {
			m.symbols = append(m.symbols, symbol{strings.TrimPrefix(s.Name, "_"), s.Value})
		}
	}
	return nil
}

// at is the offset in the file of an address; false where it is not in it.
func (m *image) at(addr uint64) (int, bool) {
	for i := range m.sections {
		if s := &m.sections[i]; addr >= s.addr && addr < s.addr+uint64(s.size) {
			return s.offset + int(addr-s.addr), true
		}
	}
	return 0, false
}

// address finds a symbol.
func (m *image) address(name string) (uint64, bool) {
	for i := range m.symbols {
		if m.symbols[i].name == name {
			return m.symbols[i].addr, true
		}
	}
	return 0, false
}

// sameLayout tells whether two builds have the same sections at the same places.
func sameLayout(a, b *image) error {
	if !slices.Equal(a.sections, b.sections) {
		return fmt.Errorf("the builds have other sections: %v and %v", a.sections, b.sections)
	}
	return nil
}
