// Command protogen compiles proto/ and writes the Go code made from it.
//
// It needs only Go: files are compiled by bufbuild/protocompile and handed to
// the plugins pinned in go.mod's tool block over protoc's plugin protocol
// (protobuf.dev, compiler/plugin.proto, read 2026-11-22). With -check it writes
// nothing and fails when a committed file differs.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

const module = "github.com/osiriscare/osiris/proto"

// job is one plugin run.
type job struct {
	plugin string
	files  []string
	params []string
}

// jobs lists every run. The lite codec gets packages of its own, because both
// runtimes would clash in one (DESIGN D3).
var jobs = []job{
	{"protoc-gen-go", []string{
		"trust/v1/trust.proto", "compliance/v1/compliance.proto", "compliance/v1/service.proto",
		"central/v1/appliance.proto", "central/v1/fleet.proto", "central/v1/order.proto",
	}, nil},
	{"protoc-gen-go-grpc", []string{"compliance/v1/service.proto"}, nil},
	{"protoc-gen-connect-go", []string{"central/v1/appliance.proto", "central/v1/fleet.proto"}, nil},
	{"protoc-gen-go-lite", []string{"trust/v1/trust.proto"}, []string{
		"features=marshal+unmarshal+size",
		"Mtrust/v1/trust.proto=" + module + "/trust/v1/trustlite;trustlite",
	}},
}

func main() {
	check := flag.Bool("check", false, "fail when a committed file differs, write nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *check); err != nil {
		fmt.Fprintln(os.Stderr, "protogen:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, check bool) error {
	want := map[string][]byte{}
	for _, j := range jobs {
		files, err := generate(ctx, j)
		if err != nil {
			return fmt.Errorf("running %s: %w", j.plugin, err)
		}
		for name, content := range files {
			want[name] = content
		}
	}
	if check {
		return compare(want)
	}
	for name, content := range want {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// compare reports every committed file that differs from what proto/ gives,
// and every generated file that nothing gives any more.
func compare(want map[string][]byte) error {
	var stale []string
	for name, content := range want {
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, content) {
			stale = append(stale, name)
		}
	}
	err := filepath.WalkDir("proto", func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && want[filepath.ToSlash(path)] == nil {
			stale = append(stale, path+" (nothing makes it)")
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(stale) > 0 {
		return errors.New("generated code differs from proto/, run ./dev gen: " + strings.Join(stale, ", "))
	}
	return nil
}

// generate runs one plugin and returns its files by path.
func generate(ctx context.Context, j job) (map[string][]byte, error) {
	compiler := protocompile.Compiler{
		Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{"proto"}}),
		// Comments travel in source info, and become the Go doc comments.
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	compiled, err := compiler.Compile(ctx, j.files...)
	if err != nil {
		return nil, err
	}
	params := strings.Join(append([]string{"module=" + module}, j.params...), ",")
	request := &pluginpb.CodeGeneratorRequest{
		FileToGenerate:  j.files,
		Parameter:       &params,
		CompilerVersion: &pluginpb.Version{Major: proto.Int32(6), Minor: proto.Int32(0), Patch: proto.Int32(0)},
	}
	seen := map[string]bool{}
	for _, f := range compiled {
		collect(f, seen, &request.ProtoFile)
	}
	return runPlugin(ctx, j.plugin, request)
}

// collect appends a file after everything it imports, as the protocol asks.
func collect(f protoreflect.FileDescriptor, seen map[string]bool, out *[]*descriptorpb.FileDescriptorProto) {
	if seen[f.Path()] {
		return
	}
	seen[f.Path()] = true
	imports := f.Imports()
	for i := range imports.Len() {
		collect(imports.Get(i).FileDescriptor, seen, out)
	}
	*out = append(*out, protoutil.ProtoFromFileDescriptor(f))
}

func runPlugin(ctx context.Context, plugin string, request *pluginpb.CodeGeneratorRequest) (map[string][]byte, error) {
	in, err := proto.Marshal(request)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", "tool", plugin)
	cmd.Stdin = bytes.NewReader(in)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var response pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(out, &response); err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if response.Error != nil {
		return nil, errors.New(response.GetError())
	}
	files := map[string][]byte{}
	for _, f := range response.GetFile() {
		files["proto/"+f.GetName()] = []byte(f.GetContent())
	}
	return files, nil
}
