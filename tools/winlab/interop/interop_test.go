//go:build integration

// Package interop_test holds the lab's Windows hosts against clients that share
// no code with them: gss-ntlmssp and MIT Kerberos by way of GSS-API, and
// pywinrm. They are Debian's packages; a KDC runs on a free port of loopback.
// An error of either side fails the test; nothing is measured.
package interop_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/tools/winlab/machine"
	"github.com/osiriscare/osiris/tools/winlab/wsman"
)

const (
	python   = "/usr/bin/python3"
	password = "Pa55-wörd"
)

// script is the host of these tests.
func script(_ context.Context, line string, stdin io.Reader, stdout, stderr io.Writer) int {
	switch line {
	case "cat":
		_, _ = io.Copy(stdout, stdin)
		return 0
	case "fill":
		_, _ = io.WriteString(stdout, strings.Repeat("äöü€\n", 60000))
		return 0
	}
	_, _ = io.WriteString(stderr, "no such command\r\n")
	return 3
}

func start(t *testing.T, change func(*machine.Config)) *machine.Machine {
	t.Helper()
	cfg := machine.Config{
		Name: "WS01", Domain: "NORTHVALLEY", DNSDomain: "northvalley.example", Split: 1001,
		Accounts: []machine.Account{{User: "osiris", Password: password}}, Host: wsman.HostFunc(script),
	}
	cfg.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	if change != nil {
		change(&cfg)
	}
	m, err := machine.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// answer is one line of testdata/client.py.
type answer struct {
	Refused string
	Posts   int
	Stdout  string
	Stderr  string
	Exit    int
}

// client runs testdata/client.py in the environment env.
func client(t *testing.T, address string, env []string, args ...string) []answer {
	t.Helper()
	return clientWith(t, address, "through standard input", env, args...)
}

// clientWith gives every command line that standard input.
func clientWith(t *testing.T, address, stdin string, env []string, args ...string) []answer {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return runPython(t, stdin, env, append([]string{"testdata/client.py", "--port", port}, args...)...)
}

// runPython runs a script and reads the lines it prints.
func runPython(t *testing.T, stdin string, env []string, args ...string) []answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, stdout.Bytes(), stderr.Bytes())
	}
	var out []answer
	for line := range bytes.Lines(stdout.Bytes()) {
		var a answer
		if err := json.Unmarshal(line, &a); err != nil {
			t.Fatalf("the client said %q: %v", line, err)
		}
		out = append(out, a)
	}
	return out
}

// wants judges what client.py says of "cat", "fill" and "nothing".
func wants(t *testing.T, got []answer) {
	t.Helper()
	if len(got) != 4 {
		t.Fatalf("client.py = %+v; want a logon and three commands", got)
	}
	if got[1].Stdout != "through standard input" || got[1].Exit != 0 {
		t.Errorf("cat = %+v", got[1])
	}
	if got[2].Stdout != strings.Repeat("äöü€\n", 60000) || got[2].Exit != 0 {
		t.Errorf("fill = %d bytes, exit %d", len(got[2].Stdout), got[2].Exit)
	}
	if got[3].Stderr != "no such command\r\n" || got[3].Exit != 3 {
		t.Errorf("nothing = %+v", got[3])
	}
}

// users writes the file in which gss-ntlmssp looks for passwords.
func users(t *testing.T, password string) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(path, fmt.Appendf(nil, "NORTHVALLEY:osiris:%s\n", password), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"NTLM_USER_FILE=" + path}
}
