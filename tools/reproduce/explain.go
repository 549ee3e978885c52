package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"debug/elf"
	"debug/gosym"
	"debug/macho"
	"debug/pe"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/osiriscare/osiris/tools/internal/repo"
)

// program is what is compared of one agent.
type program struct {
	bytes     int64
	functions map[string]uint64 // name to length in bytes
	files     int               // names of source files that the line tables hold
	modules   int               // that the build information lists
}

// explain builds each agent with go build and says how Bazel's differs.
func explain(ctx context.Context, b build, out io.Writer) error {
	flags, err := stamps(ctx, b.folder)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "\nthe agent beside a plain go build of the same flags and stamps:")
	for _, f := range b.files {
		platform, ok := strings.CutPrefix(strings.TrimSuffix(f.Name, ".exe"), "osiris-agent_")
		if !ok {
			continue
		}
		goos, goarch, _ := strings.Cut(platform, "_")
		plain := filepath.Join(b.folder, ".cache", f.Name)
		var said bytes.Buffer
		cmd := repo.Command(ctx, b.folder, &said, "go", "build", "-buildvcs=false", "-trimpath",
			"-ldflags=-s -w -funcalign=1"+flags, "-gcflags=all=-l", "-tags=osiris_agent", "-o", plain, "./agent/cmd/osiris-agent")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOOS="+goos, "GOARCH="+goarch)
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("building %s with go build: %w\n%s", f.Name, err, said.String())
		}
		if err := tell(f.Name, filepath.Join(b.folder, "bazel-bin", "release", f.Name), plain, out); err != nil {
			return err
		}
	}
	return nil
}

func tell(name, bazel, plain string, out io.Writer) error {
	a, err := read(bazel)
	if err != nil {
		return fmt.Errorf("reading Bazel's %s: %w", name, err)
	}
	p, err := read(plain)
	if err != nil {
		return fmt.Errorf("reading the plain %s: %w", name, err)
	}
	var other []string
	for function, length := range a.functions {
		if have, ok := p.functions[function]; !ok || have != length {
			other = append(other, function)
		}
	}
	for function := range p.functions {
		if _, ok := a.functions[function]; !ok {
			other = append(other, function)
		}
	}
	fmt.Fprintf(out, "%s: %d bytes, plain %d (%+d)\n", name, a.bytes, p.bytes, a.bytes-p.bytes)
	if len(other) == 0 {
		fmt.Fprintf(out, "  the same %d functions, each of the same length\n", len(a.functions))
	} else {
		fmt.Fprintf(out, "  %d of %d functions are not in both with one length: %s\n", len(other), len(a.functions), strings.Join(other[:min(5, len(other))], ", "))
	}
	fmt.Fprintf(out, "  build information names %d modules, plain %d; the line tables name %d source files, plain %d,\n", a.modules, p.modules, a.files, p.files)
	fmt.Fprintln(out, "  and name them otherwise: GOROOT/src and external/ where go build -trimpath has import paths, and o/ for our packages")
	return nil
}

// short gives the functions of a plain build the names that the agent's importmap
// gives those of Bazel's.
var short = strings.NewReplacer(
	"github.com/osiriscare/osiris/agent/", "o/",
	"github.com/osiriscare/osiris/shared/", "o/",
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite", "o/trustlite",
)

func read(path string) (program, error) {
	var p program
	content, err := os.ReadFile(path)
	if err != nil {
		return p, err
	}
	p.bytes = int64(len(content))
	table, err := lineTable(content)
	if err != nil {
		return p, err
	}
	p.functions = map[string]uint64{}
	for _, f := range table.Funcs {
		p.functions[short.Replace(f.Name)] += f.End - f.Entry
	}
	p.files = len(table.Files)
	info, err := buildinfo.Read(bytes.NewReader(content))
	if err != nil {
		return p, err
	}
	p.modules = len(info.Deps)
	return p, nil
}

// lineTable finds runtime.pclntab, which outlives stripping.
func lineTable(content []byte) (*gosym.Table, error) {
	var data []byte
	var text uint64
	var err error
	switch r := bytes.NewReader(content); {
	case bytes.HasPrefix(content, []byte(elf.ELFMAG)):
		data, text, err = elfTable(r)
	case bytes.HasPrefix(content, []byte("MZ")):
		data, text, err = peTable(r)
	default:
		data, text, err = machoTable(r)
	}
	if err != nil {
		return nil, err
	}
	return gosym.NewTable(nil, gosym.NewLineTable(data, text))
}

var errNoTable = errors.New("it has no Go line table")

func elfTable(r io.ReaderAt) ([]byte, uint64, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return nil, 0, err
	}
	table, text := f.Section(".gopclntab"), f.Section(".text")
	if table == nil || text == nil {
		return nil, 0, errNoTable
	}
	data, err := table.Data()
	return data, text.Addr, err
}

func machoTable(r io.ReaderAt) ([]byte, uint64, error) {
	f, err := macho.NewFile(r)
	if err != nil {
		return nil, 0, err
	}
	table, text := f.Section("__gopclntab"), f.Section("__text")
	if table == nil || text == nil {
		return nil, 0, errNoTable
	}
	data, err := table.Data()
	return data, text.Addr, err
}

// peTable looks for the table's first bytes: PE has no section of its own for
// it (internal/abi.Go120PCLnTabMagic, then the instruction size quantum and the
// size of a pointer).
func peTable(r io.ReaderAt) ([]byte, uint64, error) {
	f, err := pe.NewFile(r)
	if err != nil {
		return nil, 0, err
	}
	rdata, text := f.Section(".rdata"), f.Section(".text")
	if rdata == nil || text == nil {
		return nil, 0, errNoTable
	}
	data, err := rdata.Data()
	if err != nil {
		return nil, 0, err
	}
	for _, quantum := range []byte{1, 4} {
		if i := bytes.Index(data, []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, quantum, 8}); i >= 0 {
			return data[i:], uint64(text.VirtualAddress), nil
		}
	}
	return nil, 0, errNoTable
}
