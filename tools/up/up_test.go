package main

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/e2e/stack"
)

// runJSON runs with --json and reads the one object.
func runJSON(t *testing.T, args ...string) (int, result) {
	t.Helper()
	var out, log bytes.Buffer
	code := run(t.Context(), append([]string{"--once", "--json"}, args...), &out, &log)
	var res result
	dec := json.NewDecoder(&out)
	if err := dec.Decode(&res); err != nil {
		t.Fatalf("standard output is not one JSON object: %v", err)
	}
	if dec.More() {
		t.Error("standard output has more than one JSON object")
	}
	return code, res
}

func TestADataFolderThatCannotServeIsOneClearLine(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, dir, want string }{
		{"a folder with files in it", full, "is not empty"},
		{"a path under a file", filepath.Join(full, "x", "y"), "cannot be made"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, res := runJSON(t, "--data", tt.dir)
			if code != 1 || res.OK || !strings.Contains(res.Error, tt.want) || strings.Contains(res.Error, "\n") {
				t.Errorf("run = %d, %+v; want 1 and one line with %q", code, res, tt.want)
			}
		})
	}
}

func TestAFlagThatDoesNotExistIsStillOneObject(t *testing.T) {
	code, res := runJSON(t, "--wat")
	if code != 1 || res.OK || !strings.Contains(res.Error, "wat") {
		t.Errorf("run = %d, %+v; want 1 and an error that names the flag", code, res)
	}
}

func TestABusyPortIsNamed(t *testing.T) {
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatalf("address is %T", l.Addr())
	}
	err = stack.Ports{Web: addr.Port}.Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), "port "+strconv.Itoa(addr.Port)) || !strings.Contains(err.Error(), "dashboard") {
		t.Errorf("Check = %v; want an error that names port %d and the dashboard", err, addr.Port)
	}
}

func TestALineOfALogBecomesASentence(t *testing.T) {
	var out bytes.Buffer
	s := newShow(&out)
	s.line(stack.Line{Source: "agent", Time: "2026-11-22T01:02:03.5Z", Level: "INFO", Message: "verdict changed", Fields: []stack.Field{{Key: "check", Value: "sysctl_hardening"}, {Key: "reason", Value: "a file\nsays so"}}})
	s.line(stack.Line{Source: "agent", Level: "DEBUG", Message: "not for people"})
	got := out.String()
	if !strings.Contains(got, `agent      verdict changed check=sysctl_hardening`) || strings.Count(got, "\n") != 1 {
		t.Errorf("line printed %q; want one line that says what changed", got)
	}
	if strings.Contains(got, "\033") {
		t.Errorf("line printed colours to what is no terminal: %q", got)
	}
}
