package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestReadFindsTheFunctionsOfEverySystemsPrograms(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("go is not on the PATH")
	}
	source := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() { println(1) }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, goos := range []string{"linux", "darwin", "windows"} {
		for _, goarch := range []string{"amd64", "arm64"} {
			program := filepath.Join(t.TempDir(), "program")
			cmd := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", program, source)
			cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
			if said, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("go build: %v\n%s", err, said)
			}
			p, err := read(program)
			if err != nil || p.functions["main.main"] == 0 || p.functions["runtime.mallocgc"] == 0 || p.files == 0 {
				t.Errorf("read(%s/%s) = %d functions, %d files, %v; want main.main and the runtime's", goos, goarch, len(p.functions), p.files, err)
			}
		}
	}
}
