package wsman

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
)

// caller is who sent a message.
type caller struct {
	user string
	ip   string
	// address is the URL that the client used.
	address string
}

const (
	stateRunning = nsShell + "/CommandState/Running"
	stateDone    = nsShell + "/CommandState/Done"
	signalPrefix = nsShell + "/signal/"

	// cmdLine is the longest line that cmd.exe takes, in UTF-16 units, and
	// processLine that of CreateProcess.
	cmdLine     = 8191
	processLine = 32767
)

// act does what the message asks for.
func (s *Server) act(ctx context.Context, r *request, who caller) ([]byte, *Fault) {
	switch r.action {
	case Identify:
		return identify("OS: 10.0.17763 SP: 0.0 Stack: 3.0"), nil
	case Create:
		sh, f := s.newShell(r, who)
		if f != nil {
			return nil, f
		}
		return response(r, `<x:ResourceCreated><a:Address>`+escape(who.address)+`</a:Address><a:ReferenceParameters><w:ResourceURI>`+
			ResourceShell+`</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">`+sh.id+
			`</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>`+sh.xml()), nil
	case Delete, Get, Command, Receive, Send, Signal:
	default:
		return nil, faultAction(r.action)
	}
	sh, f := s.find(r, who)
	if f != nil {
		return nil, f
	}
	switch r.action {
	case Get:
		return response(r, sh.xml()), nil
	case Delete:
		s.remove(sh)
		return response(r, ""), nil
	case Command:
		return s.command(r, sh)
	case Receive:
		return s.receive(ctx, r, sh)
	case Send:
		return s.send(ctx, r, sh)
	default:
		return s.signal(r, sh)
	}
}

func (s *Server) command(r *request, sh *shell) ([]byte, *Fault) {
	spec := r.body.child(nsShell, "CommandLine")
	line := spec.child(nsShell, "Command").value()
	if line == "" {
		return nil, faultSchema("element Command is missing")
	}
	for _, e := range spec.children {
		if e.name.Local == "Arguments" && e.value() != "" {
			line += " " + e.value()
		}
	}
	if s.operations(sh.owner) >= s.cfg.Limits.OperationsPerUser {
		return nil, faultQuota(CodeOperationQuota, s.cfg.Limits.OperationsPerUser, "operations")
	}
	skip := strings.EqualFold(r.options["WINRS_SKIP_CMD_SHELL"], "TRUE")
	size := len(utf16.Encode([]rune(line)))
	if skip && size > processLine {
		return nil, &Fault{
			Code: 206, Value: "s:Receiver", Subcode: "w:InternalError", Reason: "The filename or extension is too long. ",
		}
	}
	id := strings.ToUpper(spec.attr("", "CommandId"))
	if id == "" {
		id = newID()
	}
	c := newCommand(sh.ctx, id)
	sh.mu.Lock()
	sh.held++
	sh.commands[id] = c
	sh.mu.Unlock()
	s.count(func(st *Stats) { st.Commands++ })
	if !skip && size > cmdLine {
		c.update(func() {
			c.out["stderr"], c.done, c.exit = []byte("The command line is too long.\r\n"), true, 1
		})
	} else {
		go c.run(s.cfg.Host, line, sh.codepage)
	}
	return response(r, `<rsp:CommandResponse><rsp:CommandId>`+escape(id)+`</rsp:CommandId></rsp:CommandResponse>`), nil
}

func (s *Server) receive(ctx context.Context, r *request, sh *shell) ([]byte, *Fault) {
	s.count(func(st *Stats) { st.Receives++ })
	want := r.body.child(nsShell, "Receive").child(nsShell, "DesiredStream")
	c := sh.find(want.attr("", "CommandId"))
	if c == nil {
		return nil, faultAborted()
	}
	names := strings.Fields(want.value())
	// Base64 takes four bytes for three; the rest of the envelope is below 4 KB.
	limit := (r.envelope - 4096) / 4 * 3
	timer := time.NewTimer(r.timeout)
	defer timer.Stop()
	for {
		got, ok, changed := c.take(names, limit)
		if got.stopped {
			return nil, faultAborted()
		}
		if ok {
			return response(r, s.received(c, names, got)), nil
		}
		select {
		case <-changed:
		case <-timer.C:
			return nil, faultTimedOut()
		case <-ctx.Done():
			return nil, faultAborted()
		}
	}
}

// received writes what a Receive took, in pieces if the Config wants that.
func (s *Server) received(c *command, names []string, got chunk) string {
	var b strings.Builder
	b.WriteString(`<rsp:ReceiveResponse>`)
	element := func(name, end, text string) {
		fmt.Fprintf(&b, `<rsp:Stream Name="%s" CommandId="%s"%s>%s</rsp:Stream>`, escape(name), escape(c.id), end, text)
	}
	for _, st := range got.streams {
		for rest := st.bytes; len(rest) > 0; {
			n := len(rest)
			if s.cfg.Split > 0 {
				n = min(n, s.cfg.Split)
			}
			element(st.name, "", base64.StdEncoding.EncodeToString(rest[:n]))
			rest = rest[n:]
		}
	}
	state := stateRunning
	if got.done {
		state = stateDone
		for _, name := range names {
			element(name, ` End="true"`, "")
		}
	}
	fmt.Fprintf(&b, `<rsp:CommandState CommandId="%s" State="%s">`, escape(c.id), state)
	if got.done {
		fmt.Fprintf(&b, `<rsp:ExitCode>%d</rsp:ExitCode>`, got.exit)
	}
	b.WriteString(`</rsp:CommandState></rsp:ReceiveResponse>`)
	return b.String()
}

func (s *Server) send(ctx context.Context, r *request, sh *shell) ([]byte, *Fault) {
	set := r.body.child(nsShell, "Send")
	if set == nil {
		return nil, faultSchema("element Send is missing")
	}
	for _, st := range set.children {
		if st.name.Local != "Stream" {
			continue
		}
		c := sh.find(st.attr("", "CommandId"))
		if c == nil {
			return nil, faultAborted()
		}
		b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(st.text), ""))
		if err != nil || st.attr("", "Name") != "stdin" {
			return nil, faultSchema("element Stream is invalid")
		}
		end := strings.EqualFold(st.attr("", "End"), "true") || st.attr("", "End") == "1"
		if !c.send(ctx, r.timeout, b, end) {
			return nil, faultTimedOut()
		}
	}
	return response(r, `<rsp:SendResponse/>`), nil
}

func (s *Server) signal(r *request, sh *shell) ([]byte, *Fault) {
	spec := r.body.child(nsShell, "Signal")
	code, ok := strings.CutPrefix(spec.child(nsShell, "Code").value(), signalPrefix)
	if !ok {
		return nil, faultSchema("element Code is invalid")
	}
	id := strings.ToUpper(spec.attr("", "CommandId"))
	c := sh.find(id)
	if c == nil {
		return nil, faultAborted()
	}
	switch strings.ToLower(code) {
	case "terminate":
		sh.mu.Lock()
		delete(sh.commands, id)
		sh.mu.Unlock()
		c.stop()
	case "ctrl_c", "ctrl_break":
		// The command ends and its output can still be fetched.
		c.cancel()
	default:
		return nil, faultSchema("element Code is invalid")
	}
	return response(r, `<rsp:SignalResponse/>`), nil
}
