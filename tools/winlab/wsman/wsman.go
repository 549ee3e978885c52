// Package wsman is the service side of WinRM for the lab: WS-Management over
// HTTP with the Windows Remote Shell, one Server for one host. It is an
// http.Handler with state per connection, so its http.Server needs
// Server.ConnContext; package machine sets up listeners and certificates.
//
// What runs a command is the Host. The server does not know what a command
// means; it carries bytes and keeps the limits: shells and operations per
// user, envelope size, operation timeout. Sizes are bytes. Refusals are SOAP
// faults with the codes of fault.go, or the bare HTTP codes that http.sys
// gives. Trouble makes it misbehave on purpose.
//
// Sources: [MS-WSMV] revision 41, DSP0226, captures in the public issues of
// WinRM clients (read 2026-11-21 and -22). No part was compared with a real
// Windows; Config names what is unknown.
package wsman

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/osiriscare/osiris/tools/winlab/negotiate"
)

// Host runs command lines. Run reads standard input until the client ends it
// and returns the exit code; it returns soon after ctx ends, which is when the
// client signals or deletes the shell. It may be called concurrently.
type Host interface {
	Run(ctx context.Context, line string, stdin io.Reader, stdout, stderr io.Writer) (exit int)
}

// HostFunc is a Host of one function.
type HostFunc func(ctx context.Context, line string, stdin io.Reader, stdout, stderr io.Writer) (exit int)

// Run calls the function.
func (f HostFunc) Run(ctx context.Context, line string, stdin io.Reader, stdout, stderr io.Writer) int {
	return f(ctx, line, stdin, stdout, stderr)
}

// Config is one host's service.
type Config struct {
	// Computer is the name in faults and shells, such as WS01.
	Computer string
	Host     Host
	// Security gives the acceptor's configuration for a connection; bindings is
	// the MD5 of its channel bindings, nil without TLS.
	Security func(bindings []byte) negotiate.Config
	// Basic judges a password if Basic is allowed, nil if it is not.
	Basic func(user, password string) bool
	// AllowUnencrypted takes plain SOAP on a connection without TLS.
	AllowUnencrypted bool
	// Certificate maps the leaf of a client's certificate (DER) to an account;
	// nil refuses certificates.
	Certificate func(leaf []byte) (user string, ok bool)
	// EmptyPost is the answer to a POST without body and Authorization on a
	// connection that is logged on: 401 or 500. What Windows gives is unknown.
	EmptyPost int
	// Split bounds the bytes of one Stream element, so that text is cut within
	// a letter; 0 sends what there is.
	Split  int
	Limits Limits
	Log    *slog.Logger
}

// Limits are the quotas; zero takes the default of Windows Server 2012 and later.
type Limits struct {
	ShellsPerUser     int
	OperationsPerUser int
	Users             int
	// EnvelopeBytes bounds a request; the client's own bound is in its message.
	EnvelopeBytes int
	// Operation is the longest OperationTimeout and the one taken for none.
	Operation time.Duration
}

func (l *Limits) defaults() {
	set := func(v *int, to int) {
		if *v == 0 {
			*v = to
		}
	}
	set(&l.ShellsPerUser, 30)
	set(&l.OperationsPerUser, 1500)
	set(&l.Users, 10)
	set(&l.EnvelopeBytes, 500<<10)
	if l.Operation == 0 {
		l.Operation = time.Minute
	}
}

// Server is one host's service.
type Server struct {
	cfg    Config
	ctx    context.Context //nolint:containedctx // the life of shells, which outlive the request that made them
	cancel context.CancelFunc

	mu       sync.Mutex
	shells   map[string]*shell
	troubles []*Trouble
	stats    Stats
}

// New makes the service; Close ends its commands.
func New(cfg Config) (*Server, error) {
	if cfg.Host == nil || cfg.Security == nil {
		return nil, fmt.Errorf("making WinRM of %s: no host or no security", cfg.Computer)
	}
	if cfg.EmptyPost == 0 {
		cfg.EmptyPost = http.StatusUnauthorized
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Limits.defaults()
	s := &Server{cfg: cfg, shells: map[string]*shell{}}
	s.stats.Faults = map[uint32]int{}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// Close ends all commands and forgets all shells, as a restart does.
func (s *Server) Close() {
	s.cancel()
	s.Restart()
}

// Restart forgets all shells; the server goes on.
func (s *Server) Restart() {
	s.mu.Lock()
	shells := s.shells
	s.shells = map[string]*shell{}
	s.mu.Unlock()
	for _, sh := range shells {
		sh.close()
	}
}
