package wsman

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// shell is a Windows Remote Shell.
type shell struct {
	id       string
	owner    string
	clientIP string
	made     time.Time
	idle     time.Duration
	input    string
	output   string
	codepage string
	ctx      context.Context //nolint:containedctx // the life of the shell, not of a request
	cancel   context.CancelFunc

	mu       sync.Mutex
	used     time.Time
	commands map[string]*command
	// held counts the commands ever started: on the text shell a Signal does
	// not give the operation back ([MS-WSMV], product behaviour note 118).
	held int
}

// defaultIdle is IdleTimeout of winrm/config/winrs, 7,200,000 ms.
const defaultIdle = 2 * time.Hour

func (s *Server) newShell(r *request, who caller) (*shell, *Fault) {
	spec := r.body.child(nsShell, "Shell")
	if spec == nil {
		return nil, faultSchema("element Shell is missing")
	}
	sh := &shell{
		id: newID(), owner: who.user, clientIP: who.ip, made: time.Now(), used: time.Now(), idle: defaultIdle,
		input: "stdin", output: "stdout stderr", codepage: r.options["WINRS_CODEPAGE"], commands: map[string]*command{},
	}
	if in := spec.child(nsShell, "InputStreams").value(); in != "" {
		sh.input = in
	}
	if out := spec.child(nsShell, "OutputStreams").value(); out != "" {
		sh.output = out
	}
	if text := spec.child(nsShell, "IdleTimeOut").value(); text != "" {
		d, ok := parseDuration(text)
		if !ok || d == 0 {
			return nil, faultSchema("IdleTimeOut")
		}
		sh.idle = min(d, defaultIdle)
	}
	if f := s.admit(sh); f != nil {
		return nil, f
	}
	return sh, nil
}

// admit keeps the quotas and enters the shell.
func (s *Server) admit(sh *shell) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep()
	mine, users := 0, map[string]bool{}
	for _, other := range s.shells {
		users[other.owner] = true
		if other.owner == sh.owner {
			mine++
		}
	}
	if mine >= s.cfg.Limits.ShellsPerUser {
		return faultQuota(CodeShellQuota, s.cfg.Limits.ShellsPerUser, "shells")
	}
	if !users[sh.owner] && len(users) >= s.cfg.Limits.Users {
		return faultQuota(CodeUserQuota, s.cfg.Limits.Users, "users")
	}
	sh.ctx, sh.cancel = context.WithCancel(s.ctx)
	s.shells[sh.id] = sh
	s.stats.ShellsMade++
	return nil
}

// sweep forgets shells that nobody used for their idle time; s.mu is held.
func (s *Server) sweep() {
	for id, sh := range s.shells {
		if sh.idleFor() > sh.idle {
			delete(s.shells, id)
			sh.close()
		}
	}
}

// find gives the caller's shell and marks it used.
func (s *Server) find(r *request, who caller) (*shell, *Fault) {
	id := strings.ToUpper(strings.TrimPrefix(r.selectors["ShellId"], "uuid:"))
	s.mu.Lock()
	s.sweep()
	sh := s.shells[id]
	s.mu.Unlock()
	if sh == nil {
		return nil, faultShellGone(r.selectors["ShellId"])
	}
	if sh.owner != who.user {
		return nil, faultAccess()
	}
	sh.mu.Lock()
	sh.used = time.Now()
	sh.mu.Unlock()
	return sh, nil
}

func (s *Server) remove(sh *shell) {
	s.mu.Lock()
	delete(s.shells, sh.id)
	s.stats.ShellsDeleted++
	s.mu.Unlock()
	sh.close()
}

// operations are those of a user that count against the quota.
func (s *Server) operations(user string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, sh := range s.shells {
		if sh.owner == user {
			sh.mu.Lock()
			n += sh.held
			sh.mu.Unlock()
		}
	}
	return n
}

func (sh *shell) idleFor() time.Duration {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return time.Since(sh.used)
}

func (sh *shell) close() {
	sh.mu.Lock()
	commands := sh.commands
	sh.commands = map[string]*command{}
	sh.mu.Unlock()
	for _, c := range commands {
		c.stop()
	}
	sh.cancel()
}

func (sh *shell) find(id string) *command {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.commands[strings.ToUpper(id)]
}

// xml is the Shell element; Windows also spells ShellId as a selector, in
// ResourceCreated.
func (sh *shell) xml() string {
	return fmt.Sprintf(`<rsp:Shell><rsp:ShellId>%s</rsp:ShellId><rsp:ResourceUri>%s</rsp:ResourceUri><rsp:Owner>%s</rsp:Owner>`+
		`<rsp:ClientIP>%s</rsp:ClientIP><rsp:IdleTimeOut>PT%.3fS</rsp:IdleTimeOut><rsp:InputStreams>%s</rsp:InputStreams>`+
		`<rsp:OutputStreams>%s</rsp:OutputStreams><rsp:ShellRunTime>%s</rsp:ShellRunTime><rsp:ShellInactivity>%s</rsp:ShellInactivity></rsp:Shell>`,
		sh.id, ResourceShell, escape(sh.owner), escape(sh.clientIP), sh.idle.Seconds(), escape(sh.input), escape(sh.output),
		span(time.Since(sh.made)), span(sh.idleFor()))
}

func span(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("P%dDT%dH%dM%dS", s/86400, s/3600%24, s/60%60, s%60)
}
