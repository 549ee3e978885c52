package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/tools/internal/repo"
)

// program is a small program: package heavy has what can be counted.
var program = map[string]string{
	"go.mod": "module example.org/small\n\ngo 1.24\n",
	"main.go": `package main

import "example.org/small/heavy"

func main() { println(heavy.Table[heavy.Work(7)&1023], heavy.Kind(heavy.T{}) != nil) }
`,
	"heavy/heavy.go": `package heavy

var Table = [1024]uint64{1, 2, 3}

type T struct{ Field, OtherField, AThirdField int }

func (T) Method() {}

type i interface{ Method() }

var Any any

func Kind(t T) i { Any = t; return t }

//go:noinline
func Work(n int) int {
	for k := range n {
		n += int(Table[k&1023]) * k
	}
	return n
}
`,
}

// link builds the program and its twin with names.
func link(t *testing.T, target target) (stripped, named *image) {
	t.Helper()
	folder := t.TempDir()
	for name, content := range program {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var images [2]*image
	for i, flags := range []string{"-s -w", "-w"} {
		var said bytes.Buffer
		out := filepath.Join(folder, "out")
		cmd := repo.Command(context.Background(), folder, &said, "go", "build", "-buildvcs=false", "-trimpath", "-ldflags="+flags, "-o", out, ".")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOOS="+target.goos, "GOARCH="+target.goarch)
		if err := cmd.Run(); err != nil {
			t.Fatalf("building: %v\n%s", err, said.String())
		}
		var err error
		if images[i], err = readImage(out); err != nil {
			t.Fatal(err)
		}
	}
	return images[0], images[1]
}

func TestEveryByteOfAProgramIsCountedOnce(t *testing.T) {
	for _, tt := range []target{{goos: "linux", goarch: "amd64"}, {goos: "windows", goarch: "amd64"}, {goos: "windows", goarch: "arm64"}, {goos: "darwin", goarch: "arm64"}} {
		t.Run(tt.String(), func(t *testing.T) {
			stripped, named := link(t, tt)
			if len(stripped.symbols) > 0 {
				t.Errorf("what ships has %d symbols", len(stripped.symbols))
			}
			shares, others, err := divide(stripped, named)
			if err != nil {
				t.Fatal(err)
			}
			total, unknown, by := int64(0), int64(0), map[string]share{}
			for _, s := range shares {
				if sum := s.Code + s.Lines + s.Data + s.Types; sum != s.Bytes {
					t.Errorf("%s has %d bytes and its parts %d", s.Package, s.Bytes, sum)
				}
				total += s.Bytes
				by[s.Package] = s
			}
			for _, r := range others {
				total += r.Bytes
				unknown += r.Bytes
			}
			if total != int64(len(stripped.data)) {
				t.Errorf("the parts sum up to %d; want the file's %d", total, len(stripped.data))
			}
			if unknown > total/3 {
				t.Errorf("%d of %d bytes are not attributed: %v", unknown, total, others)
			}
			heavy := by["example.org/small/heavy"]
			if heavy.Data < 8*1024 || heavy.Data > 8*1024+256 {
				t.Errorf("heavy has %d bytes of data; want its table of 8192 and little more", heavy.Data)
			}
			if heavy.Code < 32 || heavy.Code > 4096 || heavy.Lines < 100 || heavy.Types < 100 {
				t.Errorf("heavy = %+v; want code, lines and types", heavy)
			}
			if by["runtime"].Code < 100_000 {
				t.Errorf("runtime = %+v; want most of the code", by["runtime"])
			}
			if by[mainPackage].Code == 0 {
				t.Errorf("package main has no code; shares are %v", shares)
			}
		})
	}
}

func TestCodeIsWhatTheSymbolTableSays(t *testing.T) {
	stripped, named := link(t, target{goos: "linux", goarch: "amd64"})
	shares, _, err := divide(stripped, named)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := named.address("runtime.text")
	etext, _ := named.address("runtime.etext")
	want := map[string]int64{}
	for i, s := range named.symbols {
		if s.addr >= text && s.addr < etext && i+1 < len(named.symbols) {
			want[packageOf(s.name)] += int64(named.symbols[i+1].addr - s.addr)
		}
	}
	for _, s := range shares {
		// What has no package in its name is assembly of the runtime's.
		if s.Package != "runtime" && s.Package != mainPackage && !strings.HasPrefix(s.Package, "internal/") && s.Code != want[s.Package] {
			t.Errorf("%s has %d bytes of code; its symbols have %d", s.Package, s.Code, want[s.Package])
		}
	}
}

func TestTwoBuildsOfOtherLayoutAreNotMixed(t *testing.T) {
	a := &image{sections: []section{{".text", 4096, 4096, 10}}}
	b := &image{sections: []section{{".text", 4096, 4096, 11}}}
	if _, _, err := divide(a, b); err == nil {
		t.Error("divide took a twin whose text is longer")
	}
	if _, _, err := divide(a, &image{sections: a.sections}); err == nil {
		t.Error("divide took a twin without names")
	}
}

func TestThePackageOfAName(t *testing.T) {
	for name, want := range map[string]string{
		"runtime.mallocgc":                                  "runtime",
		"main.main":                                         "main",
		"crypto/tls.(*Conn).Read":                           "crypto/tls",
		"crypto/tls.(*Conn).Read.func1":                     "crypto/tls",
		"crypto/tls..stmp_12":                               "crypto/tls",
		"crypto/tls..inittask":                              "crypto/tls",
		"gopkg.in/yaml%2ev3.Unmarshal":                      "gopkg.in/yaml.v3",
		"go:itab.*os.File,io.Reader":                        "os",
		"type:.eq.example.org/a/b.T":                        "example.org/a/b",
		"type:.eq.[2]example.org/a/b.T":                     "",
		"type:.eq.struct { a.B; C int }":                    "",
		"slices.Sort[go.shape.[]int,go.shape.int]":          "slices",
		"a/b.(*List[go.shape.struct { x/y.Z int }]).Push":   "a/b",
		"example.org/m.New[example.org/x/y.T].func1":        "example.org/m",
		"github.com/osiriscare/osiris/agent/internal/say.X": "github.com/osiriscare/osiris/agent/internal/say",
		"memeqbody":             "",
		"$f64.3ff0000000000000": "",
		"go:string.*":           "",
		"_rt0_amd64_linux":      "",
	} {
		if got := packageOf(name); got != want {
			t.Errorf("packageOf(%q) = %q; want %q", name, got, want)
		}
	}
	for file, want := range map[string]string{
		"runtime/asm_amd64.s":                           "runtime",
		"golang.org/x/net@v0.62.0/http2/hpack/hpack.go": "golang.org/x/net/http2/hpack",
		"<autogenerated>":                               "",
		"/home/somebody/x.go":                           "",
	} {
		if got := folderOf(file); got != want {
			t.Errorf("folderOf(%q) = %q; want %q", file, got, want)
		}
	}
}

func FuzzLines(f *testing.F) {
	head := make([]byte, 256)
	binary.LittleEndian.PutUint32(head, lineMagic)
	head[6], head[7] = 1, 8
	for i, v := range []uint64{1, 0, 0, 80, 88, 96, 104, 112} {
		binary.LittleEndian.PutUint64(head[8+8*i:], v)
	}
	f.Add(head)
	f.Add([]byte("\xf1\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, err := readLines(data)
		if err != nil {
			return
		}
		for i := range lines.funcs {
			_ = lines.file(&lines.funcs[i])
		}
	})
}

func FuzzDescriptors(f *testing.F) {
	one := make([]byte, 128)
	one[0], one[20], one[21], one[23], one[40] = 8, 0, 8, 2, 64 // an int whose name is at 64
	copy(one[64:], "\x01\x03int")
	f.Add(one)
	f.Fuzz(func(t *testing.T, data []byte) {
		end := 0
		for _, d := range (descriptors{data}).all() {
			if d.at < end || d.size < headOfType || d.at+d.size > len(data) {
				t.Errorf("a type is at %d, %d bytes long, behind %d of %d", d.at, d.size, end, len(data))
			}
			end = d.at + d.size
		}
	})
}
