package service

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/say"
)

func TestSystemdTakesTheUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	program := filepath.Join(t.TempDir(), "a 100% $good program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), Unit)
	if err := os.WriteFile(file, []byte(SystemdUnit(program, "service", "--config", `/etc/a "b"/agent.conf`)), 0o644); err != nil {
		t.Fatal(err)
	}
	// It exits with 0 for an unknown key, too; only what it says tells.
	out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", "--recursive-errors=no", file).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify = %v:\n%s", err, out)
	}
	damaged := strings.Replace(SystemdUnit(program), "KillMode", "KilMode", 1)
	if err := os.WriteFile(file, []byte(damaged), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, _ := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", "--recursive-errors=no", file).CombinedOutput(); len(out) == 0 {
		t.Error("systemd-analyze takes a misspelt key; the test proves nothing")
	}
}

func TestSystemdTakesTheUnitOfTheWatcher(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	program := filepath.Join(t.TempDir(), "a 100% $good program.old")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), watchUnit)
	text := SystemdWatch(program, "watch-service", "--config", `/etc/a "b"/agent.conf`)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", "--recursive-errors=no", file).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify = %v:\n%s", err, out)
	}
	if !strings.Contains(SystemdUnit("/opt/o"), " "+watchUnit+"\n") {
		t.Error("the agent's unit does not want it: nobody starts it")
	}
}

func TestTheUnitQuotesForSystemd(t *testing.T) {
	unit := SystemdUnit("/opt/o", "service", `a b`, `%n$HOME`, `"\`)
	want := `ExecStart="/opt/o" "service" "a b" "%%n$$HOME" "\"\\"` + "\n"
	if !strings.Contains(unit, want) {
		t.Errorf("the unit lacks %s:\n%s", want, unit)
	}
}

// plist reads a property list of strings, booleans, integers and arrays into
// path=value lines.
func plist(t *testing.T, text string) []string {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = true
	var lines []string
	key, chars := "", ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			chars = ""
		case xml.CharData:
			chars += string(e)
		case xml.EndElement:
			switch e.Name.Local {
			case "key":
				key = chars
			case "string", "integer":
				lines = append(lines, key+"="+chars)
			case "true", "false":
				lines = append(lines, key+"="+e.Name.Local)
			}
			chars = ""
		}
	}
}

func TestThePropertyListReadsBack(t *testing.T) {
	got := plist(t, LaunchdPlist("/opt/o", "service", "a <b> & c"))
	want := []string{
		"Label=care.osiris.agent", "ProgramArguments=/opt/o", "ProgramArguments=service", "ProgramArguments=a <b> & c",
		"RunAtLoad=true", "KeepAlive=true", "ThrottleInterval=10", "ExitTimeOut=30", "AbandonProcessGroup=true", "Umask=63",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the property list says %q; want %q", got, want)
	}
}

func TestTheWatchersPropertyListReadsBack(t *testing.T) {
	got := plist(t, LaunchdWatch("/opt/a & b.old", "watch-service"))
	want := []string{
		"Label=care.osiris.agent.update", "ProgramArguments=/opt/a & b.old", "ProgramArguments=watch-service",
		"/opt/a & b.old=true", "ThrottleInterval=60", "AbandonProcessGroup=true", "Umask=63",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the property list says %q; want %q", got, want)
	}
}

func TestEventsHaveTheKindOfTheirLine(t *testing.T) {
	for _, form := range []func(io.Writer, say.Level) *say.Logger{say.New, say.NewJSON} {
		var b bytes.Buffer
		log := form(&b, say.LevelDebug)
		log.Debug("one")
		log.Info("two", "about", "ERROR WARN")
		log.Warn("three")
		log.Error("four")
		var got []int
		for line := range bytes.Lines(b.Bytes()) {
			got = append(got, eventKind(line))
		}
		if !slices.Equal(got, []int{1, 1, 2, 3}) {
			t.Errorf("kinds of\n%sare %v; want 1 1 2 3", b.Bytes(), got)
		}
	}
	if eventKind(nil) != 1 || eventKind([]byte("x")) != 1 {
		t.Error("a line of another form is not information")
	}
}

func TestTheLogFileIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs", "agent.log")
	for range 2 { // the second time it goes on where it was
		r := &rolling{path: path, limit: 100}
		for range 30 {
			if n, err := r.Write([]byte("0123456789\n")); n != 11 || err != nil {
				t.Fatalf("Write = %d, %v", n, err)
			}
		}
		if err := r.file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{path, path + ".1"} {
		info, err := os.Stat(name)
		if err != nil || info.Size() > 100 || info.Size()%11 != 0 || (info.Mode().Perm() != 0o600 && os.PathSeparator == '/') {
			t.Errorf("%s: %v, %v; want whole lines, at most 100 bytes, mode 0600", name, info, err)
		}
	}
}
