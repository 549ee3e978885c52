package wsman_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/osiriscare/osiris/tools/winlab/machine"
	"github.com/osiriscare/osiris/tools/winlab/wsman"
)

func TestStandardInputComesInPiecesAndEnds(t *testing.T) {
	s := plain(t, nil)
	sh := s.shell()
	id := s.command(sh, "cat")
	s.must(wsman.Send, sh, input(id, "first ", false))
	s.must(wsman.Send, sh, input(id, "second", true))
	s.must(wsman.Send, sh, input(id, "after the end", false))
	if out, errs, exit := s.output(sh, id); out != "first second" || errs != "" || exit != "0" {
		t.Errorf("cat = %q, %q, %s", out, errs, exit)
	}
}

func TestAnAnswerNamesItsShellTwiceAndItsQuestion(t *testing.T) {
	s := plain(t, nil)
	answer := s.must(wsman.Create, "", `<rsp:Shell/>`)
	id := shellPattern.FindStringSubmatch(answer)[1]
	for _, want := range []string{
		`<w:Selector Name="ShellId">` + id + `</w:Selector>`, `<a:RelatesTo>uuid:0-1-2</a:RelatesTo>`,
		`<p:SessionId s:mustUnderstand="false">uuid:session</p:SessionId>`,
		`<a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/CreateResponse</a:Action>`,
	} {
		if !strings.Contains(answer, want) {
			t.Errorf("Create = %s; want %s in it", answer, want)
		}
	}
	if got := s.must(wsman.Get, id, ""); !strings.Contains(got, "<rsp:ShellId>"+id+"<") {
		t.Errorf("Get = %s", got)
	}
}

func TestFaults(t *testing.T) {
	s := plain(t, nil)
	sh := s.shell()
	gone := "11111111-1111-1111-1111-111111111111"
	for name, c := range map[string]struct {
		action        wsman.Action
		shell, body   string
		code, subcode string
	}{
		"a shell that is not there":       {wsman.Command, gone, line("echo x"), "2150858843", "w:InvalidSelectors"},
		"no shell":                        {wsman.Receive, "", desired("x"), "2150858843", "w:InvalidSelectors"},
		"a deletion of nothing":           {wsman.Delete, gone, "", "2150858843", "w:InvalidSelectors"},
		"an action of another resource":   {"http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate", sh, "", "none", "a:ActionNotSupported"},
		"a command without a line":        {wsman.Command, sh, `<rsp:CommandLine/>`, "2150858817", "w:SchemaValidationError"},
		"output of no command":            {wsman.Receive, sh, desired(gone), "995", "w:InternalError"},
		"input for no command":            {wsman.Send, sh, input(gone, "x", true), "995", "w:InternalError"},
		"input that is not base64":        {wsman.Send, sh, `<rsp:Send><rsp:Stream Name="stdin" CommandId="` + s.command(sh, "wait") + `">!</rsp:Stream></rsp:Send>`, "2150858817", "w:SchemaValidationError"},
		"a signal that nobody knows":      {wsman.Signal, sh, signal(s.command(sh, "wait"), "hello"), "2150858817", "w:SchemaValidationError"},
		"a signal to no command":          {wsman.Signal, sh, signal(gone, "terminate"), "995", "w:InternalError"},
		"a shell with a senseless idling": {wsman.Create, "", `<rsp:Shell><rsp:IdleTimeOut>soon</rsp:IdleTimeOut></rsp:Shell>`, "2150858817", "w:SchemaValidationError"},
		"a creation of nothing":           {wsman.Create, "", "", "2150858817", "w:SchemaValidationError"},
	} {
		t.Run(name, func(t *testing.T) {
			answer, code := s.send(c.action, c.shell, c.body)
			if code != c.code || !strings.Contains(answer, "<s:Value>"+c.subcode+"</s:Value>") {
				t.Errorf("%s = fault %s; want %s, %s: %s", c.action, code, c.code, c.subcode, answer)
			}
		})
	}
}

func TestMessagesThatAreNot(t *testing.T) {
	s := plain(t, nil)
	good := s.envelope(wsman.Create, "", "", "<rsp:Shell/>")
	for name, c := range map[string]struct{ body, want string }{
		"no XML":                     {"hello", "2150858817"},
		"half a message":             {good[:len(good)-20], "2150858817"},
		"a document type":            {"<!DOCTYPE x>" + good, "2150858817"},
		"another document":           {"<x/>", "2150858817"},
		"two documents":              {good + good, "2150858817"},
		"too deep":                   {strings.Repeat("<x>", 40) + strings.Repeat("</x>", 40), "2150858817"},
		"no MessageID":               {strings.Replace(good, "MessageID", "MessageIdentity", 2), "2150858817"},
		"a header nobody knows":      {strings.Replace(good, "<a:To>", `<x s:mustUnderstand="true"/><a:To>`, 1), "s:MustUnderstand"},
		"another resource":           {strings.Replace(good, "windows/shell/cmd", "wmi/root/cimv2", 1), "2150858752"},
		"an envelope for a thimble":  {strings.Replace(good, ">153600<", ">100<", 1), "2150858817"},
		"a senseless time":           {strings.Replace(good, ">PT20S<", ">20<", 1), "2150858817"},
		"a header nobody must know":  {strings.Replace(good, "<a:To>", `<x s:mustUnderstand="false"/><a:To>`, 1), "CreateResponse"},
		"a message as it should be":  {good, "CreateResponse"},
		"a time with all its fields": {strings.Replace(good, ">PT20S<", ">P0DT0H1M2.500S<", 1), "CreateResponse"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, answer := s.post(c.body, nil); !strings.Contains(answer, c.want) {
				t.Errorf("answer = %s; want %s in it", answer, c.want)
			}
		})
	}
}

func TestASignalDoesNotGiveTheOperationBack(t *testing.T) {
	s := plain(t, func(c *machine.Config) { c.Limits.OperationsPerUser = 3 })
	sh := s.shell()
	for range 3 {
		s.must(wsman.Signal, sh, signal(s.command(sh, "wait"), "terminate"))
	}
	if answer, code := s.send(wsman.Command, sh, line("echo x")); code != "2150859174" {
		t.Fatalf("the fourth command = %q: %s", code, answer)
	}
	s.must(wsman.Delete, sh, "")
	sh = s.shell()
	if out, _, _ := s.output(sh, s.command(sh, "echo x")); out != "x\n" {
		t.Errorf("echo in a new shell = %q", out)
	}
}

func TestTheQuotaOfUsersAndTheirShells(t *testing.T) {
	s := plain(t, func(c *machine.Config) { c.Limits.Users = 1 })
	sh := s.shell()
	s.user = "other"
	if _, code := s.send(wsman.Create, "", "<rsp:Shell/>"); code != "2150859179" {
		t.Errorf("Create of a second user = %q", code)
	}
	if _, code := s.send(wsman.Command, sh, line("echo x")); code != "5" {
		t.Errorf("Command in another's shell = %q", code)
	}
}

func TestNoAnswerIsLongerThanTheClientAllows(t *testing.T) {
	s := plain(t, func(c *machine.Config) { c.Split = 300 })
	s.size = "16384"
	sh := s.shell()
	id := s.command(sh, "fill 60000")
	n := 0
	for done := false; !done; {
		answer := s.must(wsman.Receive, sh, desired(id))
		if len(answer) > 16384 {
			t.Fatalf("an answer of %d bytes", len(answer))
		}
		n += strings.Count(answer, "eHh4") // xxx
		done = strings.Contains(answer, "ExitCode")
	}
	if n == 0 {
		t.Error("no output")
	}
}

func TestAMessageBeyondTheServersEnvelopeIsRefused(t *testing.T) {
	s := plain(t, func(c *machine.Config) { c.Limits.EnvelopeBytes = 20000 })
	if status, _, body := s.post(strings.Repeat("x", 30000), nil); status != http.StatusRequestEntityTooLarge || body != "" {
		t.Errorf("30,000 bytes = HTTP %d %q", status, body)
	}
}

func TestACommandLineTooLong(t *testing.T) {
	s := plain(t, nil)
	sh := s.shell()
	if out, errs, exit := s.output(sh, s.command(sh, "echo "+strings.Repeat("x", 8187))); out != "" || exit != "1" || errs != "The command line is too long.\r\n" {
		t.Errorf("8,192 letters through cmd.exe = %q, %q, %s", out, errs, exit)
	}
	skip := `<w:OptionSet><w:Option Name="WINRS_SKIP_CMD_SHELL">TRUE</w:Option></w:OptionSet>`
	answer, code := s.sendWith(wsman.Command, sh, skip, line("echo "+strings.Repeat("x", 32762)))
	if code != "" {
		t.Fatalf("32,767 letters without cmd.exe = %s", answer)
	}
	if out, _, exit := s.output(sh, idPattern.FindStringSubmatch(answer)[1]); len(out) != 32763 || exit != "0" {
		t.Errorf("32,767 letters without cmd.exe = %d, %s", len(out), exit)
	}
	if _, code := s.sendWith(wsman.Command, sh, skip, line("echo "+strings.Repeat("x", 32763))); code != "206" {
		t.Errorf("32,768 letters without cmd.exe = %q", code)
	}
}

func TestWaitingForOutputEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(s *soap, shell, id string)
		code string
	}{
		"when the time is over":       {func(*soap, string, string) {}, "2150858793"},
		"when the command is stopped": {func(s *soap, sh, id string) { s.must(wsman.Signal, sh, signal(id, "terminate")) }, "995"},
		"when the shell goes":         {func(s *soap, sh, _ string) { s.must(wsman.Delete, sh, "") }, "995"},
		"when the machine restarts":   {func(s *soap, _, _ string) { s.m.Service().Restart() }, "995"},
		"when the command is broken":  {func(s *soap, sh, id string) { s.must(wsman.Signal, sh, signal(id, "ctrl_c")) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := plain(t, nil)
			if c.code == "2150858793" {
				s.timeout = "PT0.2S"
			}
			sh := s.shell()
			id := s.command(sh, "wait")
			var wg sync.WaitGroup
			wg.Go(func() {
				for s.m.Service().Stats().Receives == 0 {
					time.Sleep(5 * time.Millisecond)
				}
				c.end(s, sh, id)
			})
			answer, code := s.send(wsman.Receive, sh, desired(id))
			wg.Wait()
			if code != c.code {
				t.Errorf("Receive = %q; want %q: %s", code, c.code, answer)
			}
			if code == "" && !strings.Contains(answer, "<rsp:ExitCode>1<") {
				t.Errorf("Receive after ctrl_c = %s", answer)
			}
		})
	}
}

func TestAnIdleShellIsForgotten(t *testing.T) {
	s := plain(t, nil)
	answer := s.must(wsman.Create, "", `<rsp:Shell><rsp:IdleTimeOut>PT0.010S</rsp:IdleTimeOut></rsp:Shell>`)
	time.Sleep(50 * time.Millisecond)
	if _, code := s.send(wsman.Get, shellPattern.FindStringSubmatch(answer)[1], ""); code != "2150858843" {
		t.Errorf("Get of an idle shell = %q", code)
	}
}

func TestIdentify(t *testing.T) {
	s := plain(t, nil)
	ask := `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body><i:Identify xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"/></s:Body></s:Envelope>`
	if status, _, answer := s.post(ask, nil); status != http.StatusOK || !strings.Contains(answer, "OS: 10.0.") {
		t.Errorf("Identify = HTTP %d %s", status, answer)
	}
	s.user = ""
	if status, _, answer := s.post(ask, map[string]string{"WSMANIDENTIFY": "unauthenticated"}); status != http.StatusOK || !strings.Contains(answer, "OS: 0.0.0 ") {
		t.Errorf("Identify of a stranger = HTTP %d %s", status, answer)
	}
	if status, _, _ := s.post(ask, nil); status != http.StatusUnauthorized {
		t.Errorf("Identify without logon = HTTP %d", status)
	}
	if status, _, _ := s.post(s.envelope(wsman.Create, "", "", "<rsp:Shell/>"), map[string]string{"WSMANIDENTIFY": "unauthenticated"}); status != http.StatusUnauthorized {
		t.Errorf("Create as if it were Identify = HTTP %d", status)
	}
}

func TestTheCodePageIsTheClients(t *testing.T) {
	s := plain(t, nil)
	for name, c := range map[string]struct{ options, want string }{
		"UTF-8":                 {`<w:OptionSet><w:Option Name="WINRS_CODEPAGE">65001</w:Option></w:OptionSet>`, strings.Repeat("äöü€", 1000)},
		"that of Windows":       {"", strings.Repeat("\x84\x94\x81?", 1000)},
		"that of Windows named": {`<w:OptionSet><w:Option Name="WINRS_CODEPAGE">437</w:Option></w:OptionSet>`, strings.Repeat("\x84\x94\x81?", 1000)},
	} {
		t.Run(name, func(t *testing.T) {
			answer, _ := s.sendWith(wsman.Create, "", c.options, "<rsp:Shell/>")
			sh := shellPattern.FindStringSubmatch(answer)[1]
			if out, _, _ := s.output(sh, s.command(sh, "umlauts")); out != c.want {
				t.Errorf("umlauts = %.20q", out)
			}
		})
	}
}
