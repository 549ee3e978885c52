package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

// session is one command on a host.
type session struct {
	host    *host
	conn    *conn
	ssh     *ssh.Session
	started bool // the command may have begun
}

// run runs the command. The session is closed in any case, and its slot is free
// once it is.
func (s *session) run(ctx context.Context, c Credential, command Command) (Output, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	gate := newGate(c.Sudo)
	limit := s.host.road.cfg.MaxOutput
	stdout := &stream{limit: limit, full: func() { cancel(ErrTooMuch) }, gate: gate.output}
	stderr := &stream{limit: limit, full: func() { cancel(ErrTooMuch) }, gate: gate.complaint}
	s.ssh.Stdout, s.ssh.Stderr = stdout, stderr
	stdin, err := s.ssh.StdinPipe()
	if err != nil {
		s.leave(nil)
		return Output{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	s.started = true
	done := make(chan error, 1)
	s.host.road.wg.Go(func() {
		err := s.ssh.Start(line(c.Sudo, command.Line))
		if err == nil {
			s.host.road.wg.Go(func() { gate.feed(stdin, c.secret(), command.Stdin) })
			err = s.ssh.Wait()
		}
		gate.close()
		done <- err
	})
	select {
	case err = <-done:
		s.leave(nil)
	case <-ctx.Done():
		gate.close()
		err = context.Cause(ctx)
		s.leave(done)
	}
	code, err := s.outcome(ctx, err, gate)
	if err != nil {
		return Output{}, err
	}
	return Output{Stdout: stdout.bytes(), Stderr: stderr.bytes(), ExitCode: code}, nil
}

// leave closes the session without waiting for the host. A connection on which a
// command did not end in time takes no others.
func (s *session) leave(done <-chan error) {
	if done != nil {
		s.host.retire(s.conn)
	}
	s.host.road.wg.Go(func() {
		s.host.abandon(s.conn, func() {
			_ = s.ssh.Close() // io.EOF when the host closed it first
			if done != nil {
				<-done //nolint:errcheck // whoever waited for it has gone
			}
		})
		<-s.host.slots
	})
}

// outcome tells a command that ended from one of which nobody knows.
func (s *session) outcome(ctx context.Context, err error, g *gate) (int, error) {
	var exit *ssh.ExitError
	var missing *ssh.ExitMissingError
	code := 0
	switch {
	case errors.Is(context.Cause(ctx), ErrTooMuch):
		return 0, fmt.Errorf("%w: more than %d bytes", ErrTooMuch, s.host.road.cfg.MaxOutput)
	case err == nil:
	case errors.As(err, &exit):
		code = exit.ExitStatus()
	case ctx.Err() != nil:
		return 0, fmt.Errorf("%w: %w", ErrTimeout, context.Cause(ctx))
	case errors.As(err, &missing):
		return 0, fmt.Errorf("%w: it ended without an exit code", ErrUnreachable)
	default:
		return 0, fmt.Errorf("%w: running: %w", ErrUnreachable, err)
	}
	if !g.passed() {
		s.started = false
		return 0, fmt.Errorf("%w: exit code %d", ErrSudo, code)
	}
	return code, nil
}

// stream keeps one stream of a command, up to a limit.
type stream struct {
	limit int
	full  func()
	gate  func([]byte) []byte // what passes is kept

	mu   sync.Mutex
	kept bytes.Buffer
}

// Write implements io.Writer.
func (w *stream) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	rest := w.gate(b)
	if w.kept.Len()+len(rest) > w.limit {
		w.full()
		return 0, ErrTooMuch
	}
	w.kept.Write(rest)
	return len(b), nil
}

func (w *stream) bytes() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Clone(w.kept.Bytes())
}

// line is what the host's shell is told. Under sudo the command says that it has
// begun before it gets any input.
func line(how Sudo, command string) string {
	quoted := "'" + strings.ReplaceAll("printf '"+ready+`\n'; `+command, "'", `'\''`) + "'"
	switch how {
	case SudoFree:
		return "LC_ALL=C sudo -n -- sh -c " + quoted
	case SudoPassword:
		return "LC_ALL=C sudo -k -S -p '" + question + "' -- sh -c " + quoted
	case SudoNone:
	}
	return command
}

// send writes what is for the command. A command need not read it all.
func send(w io.WriteCloser, b []byte) {
	_, _ = w.Write(b)
	_ = w.Close()
}
