package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/e2e/stack"
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/tools/winlab/practice"
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
	line := func(source, level, message string, fields ...stack.Field) stack.Line {
		return stack.Line{Source: source, Time: "2026-11-22T01:02:03.5Z", Level: level, Message: message, Fields: fields, Raw: message}
	}
	tests := []struct {
		name string
		in   stack.Line
		want string // what stands after the time; nothing means no line
	}{
		{"a verdict of any agent", line("agent 2", "INFO", "verdict changed", stack.Field{Key: "check", Value: "disk_space"}, stack.Field{Key: "status", Value: "fail"}, stack.Field{Key: "actual", Value: "/ has\n2 %"}), "agent 2     disk_space is fail: / has 2 %"},
		{"an event with a sentence", line("appliance", "WARN", "escalated", stack.Field{Key: "check_id", Value: "time_sync"}, stack.Field{Key: "hostname", Value: "ws01"}, stack.Field{Key: "reason", Value: "No rule"}), "appliance   escalated to a person: time_sync on ws01. No rule"},
		{"a sweep tells who answered", line("appliance", "INFO", "sweep ended", stack.Field{Key: "cycle", Value: "workstation"}, stack.Field{Key: "targets", Value: "9"}, stack.Field{Key: "answered", Value: "8"}, stack.Field{Key: "failed", Value: "1"}, stack.Field{Key: "missed", Value: "0"}), "appliance   8 of 9 workstations answered, 1 did not"},
		{"a sweep of nobody is hidden", line("appliance", "INFO", "sweep ended", stack.Field{Key: "cycle", Value: "linux"}, stack.Field{Key: "targets", Value: "0"}), ""},
		{"a state in which nothing is new is hidden", line("appliance", "INFO", "state received", stack.Field{Key: "cause", Value: "heartbeat"}), ""},
		{"an event without a sentence shows all its facts", line("central", "INFO", "new thing", stack.Field{Key: "why", Value: "a b"}), `central     new thing why="a b"`},
		{"an error shows all its facts", line("central", "ERROR", "ready", stack.Field{Key: "error", Value: "x"}), "central     ready error=x"},
		{"what is for developers is hidden", line("central", "DEBUG", "detail"), ""},
		{"what is told elsewhere is hidden", line("central", "INFO", "listening"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			newShow(&out).line(tt.in)
			got := out.String()
			if tt.want == "" {
				if got != "" {
					t.Errorf("line(%v) printed %q; want nothing", tt.in, got)
				}
				return
			}
			if !strings.HasSuffix(got, "  "+tt.want+"\n") || strings.Count(got, "\n") != 1 || strings.Contains(got, "\033") {
				t.Errorf("line(%v) printed %q; want one line without colours that ends in %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestWhatEveryScanSaysIsToldOnceUntilItChanges(t *testing.T) {
	var out bytes.Buffer
	s := newShow(&out)
	sweep := func(cycle, answered string) {
		s.line(stack.Line{Source: "appliance", Level: "INFO", Message: "sweep ended", Fields: []stack.Field{
			{Key: "cycle", Value: cycle}, {Key: "targets", Value: "9"}, {Key: "answered", Value: answered},
		}})
	}
	for _, answered := range []string{"9", "9", "8", "8", "9"} {
		sweep("workstation", answered)
		sweep("windows", "9")
	}
	if got := strings.Count(out.String(), "\n"); got != 4 {
		t.Errorf("%d lines; want three of workstations and one of servers:\n%s", got, out.String())
	}
}

func TestAPersonCanBreakAHost(t *testing.T) {
	books, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	lab, err := practice.New(practice.Config{Hosts: 5, Healthy: true, Catalogue: books, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	var out bytes.Buffer
	r := &round{practice: lab, show: newShow(&out)}
	r.obey(strings.NewReader("\nfrontdesk-02 firewall.profiles.public.enabled false\nFRONTDESK-02 dance\nx\nNOBODY-01 hang\n"))
	if v, ok := lab.Hosts()[4].Model.Get("firewall.profiles.public.enabled"); v != false || !ok {
		t.Errorf("the firewall = %v, %v; want off", v, ok)
	}
	if got := strings.Count(out.String(), "done;"); got != 1 || strings.Count(out.String(), ordersHelp) != 3 {
		t.Errorf("%d orders are done; want one, and three that are explained:\n%s", got, out.String())
	}
}

func TestWithoutHostsNothingIsSaidOfThem(t *testing.T) {
	with, without := (&round{hosts: 12}).acts(), (&round{}).acts()
	if len(with)-len(without) != 6 {
		t.Errorf("%d steps with hosts, %d without; want 6 of them about hosts", len(with), len(without))
	}
	for _, a := range without {
		for _, word := range []string{"Windows", "workstation", "spare"} {
			if strings.Contains(a.name, word) {
				t.Errorf("without hosts there is %q", a.name)
			}
		}
	}
}

func TestTheNumberOfHostsHasLimits(t *testing.T) {
	for _, n := range []string{"-1", "201", "x"} {
		code, res := runJSON(t, "--hosts", n)
		if code != 1 || res.OK || !strings.Contains(res.Error, n) {
			t.Errorf("run --hosts %s = %d, %+v; want 1 and an error that names it", n, code, res)
		}
	}
}

func TestEveryFactOfASentenceIsAFactThatLinesHave(t *testing.T) {
	for event, how := range tellings {
		if strings.Contains(fact.ReplaceAllString(how.text, ""), "{") {
			t.Errorf("the sentence of %q has a fact that cannot be filled in: %q", event, how.text)
		}
	}
}
