package winrm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/wsman"
)

const (
	// envelope is the MaxEnvelopeSize of Windows 7 and Server 2008 R2, the
	// smallest default there is.
	envelope = 153600
	// piece of standard input: as base64, with its envelope, below that.
	piece = 96 << 10
	// shellIdle is after what time a host deletes a shell that we lost. A
	// running command is asked for its output far more often.
	shellIdle = 3 * time.Minute
	// eager is how soon an empty answer is suspicious: a host waits for
	// output, or for OperationTimeout.
	eager = 50 * time.Millisecond
	// maxPause is the longest wait that a host which does not is given.
	maxPause = 5 * time.Second
)

// shell is one command's life: a connection, a shell, the command, its output.
// One shell a command, because the text shell gives its operations back only
// when it ends, not on Signal (MS-WSMV, behaviour note 118).
type shell struct {
	road       *Road
	host       *host
	credential Credential

	conn     *conn
	messages *wsman.Messages
	id       string
	command  string
	done     bool
	started  bool
}

// run does it all but what must be done after a failure: see left.
func (s *shell) run(ctx context.Context, command Command) (Output, error) {
	s.messages = wsman.New(s.host.endpoint.url(), s.road.cfg.OperationTimeout, shellIdle, envelope)
	if err := s.create(ctx, command); err != nil {
		return Output{}, s.failed(ctx, err)
	}
	out, err := s.execute(ctx, command)
	if err != nil {
		err = s.failed(ctx, err)
	}
	if s.conn.broken || ctx.Err() != nil {
		s.give()
		return out, err
	}
	s.delete(ctx)
	s.give()
	return out, err
}

// failed sorts an error and remembers a refusal.
func (s *shell) failed(ctx context.Context, err error) error {
	err = classify(ctx, err)
	if !errors.Is(err, ErrAuth) || s.started {
		return err
	}
	if s.credential.Method == Kerberos {
		// No password was shown to the host; the KDC's refusals rest by
		// themselves.
		s.road.tickets.Forget(ctx, s.credential.kerberos(), s.host.endpoint.service())
	} else {
		s.host.refuse(s.credential)
	}
	return err
}

// give returns the connection.
func (s *shell) give() {
	if s.conn != nil {
		s.host.put(s.conn)
		s.conn = nil
	}
}

// create opens a shell, on a new connection if the kept one had ended.
func (s *shell) create(ctx context.Context, command Command) error {
	for {
		c, err := s.host.connection(ctx, s.credential)
		if err != nil {
			return err
		}
		s.conn = c
		kept := c.used
		if err = s.open(ctx, command, kept); err == nil {
			return nil
		}
		s.give()
		if !kept || !errors.Is(err, errStale) || ctx.Err() != nil {
			return err
		}
	}
}

// open opens a shell on the connection at hand. On a new one that is the logon.
func (s *shell) open(ctx context.Context, command Command, kept bool) error {
	told := func(error) {}
	if command.Logon != nil && !kept {
		var err error
		if told, err = command.Logon(ctx); err != nil {
			s.conn.close() // a host soon hangs up on who says nothing
			return fmt.Errorf("%w: %w", ErrNotNow, err)
		}
	}
	reply, err := s.do(ctx, s.messages.Create())
	told(classify(ctx, err))
	if err == nil {
		s.id = reply.Shell
	}
	return err
}

func (s *shell) do(ctx context.Context, request wsman.Request) (wsman.Reply, error) {
	soap, err := s.conn.exchange(ctx, request.Body)
	if err != nil {
		return wsman.Reply{}, fmt.Errorf("sending %s: %w", request.What, err)
	}
	reply, err := request.Read(soap)
	if err != nil && errors.Is(err, wsman.ErrReply) {
		s.conn.close()
	}
	return reply, err
}

func (s *shell) execute(ctx context.Context, command Command) (Output, error) {
	s.started = true
	reply, err := s.do(ctx, s.messages.Command(s.id, command.Line))
	if err != nil {
		var f *Fault
		if errors.As(err, &f) {
			s.started = false // it says that it did not
		}
		return Output{}, err
	}
	s.command = reply.Command
	unsent := s.send(ctx, command.Stdin)
	if unsent != nil && s.conn.broken {
		return Output{}, unsent
	}
	out, err := s.receive(ctx)
	if err == nil && unsent != nil && out.ExitCode == 0 {
		// It ended well without having read what it was to do.
		err = unsent
	}
	return out, err
}

// send gives the command its standard input.
func (s *shell) send(ctx context.Context, input []byte) error {
	if input == nil {
		return nil
	}
	for {
		n := min(len(input), piece)
		end := n == len(input)
		if _, err := s.do(ctx, s.messages.Send(s.id, s.command, input[:n], end)); err != nil || end {
			return err
		}
		input = input[n:]
	}
}

// receive collects the output until the command is done.
func (s *shell) receive(ctx context.Context) (Output, error) {
	var stdout, stderr bytes.Buffer
	pause := eager
	for {
		asked := time.Now()
		reply, err := s.do(ctx, s.messages.Receive(s.id, s.command))
		var f *Fault
		if errors.As(err, &f) && f.Code == wsman.CodeTimedOut {
			err = nil // nothing yet
		}
		if err != nil {
			return Output{}, err
		}
		for _, c := range reply.Chunks {
			b := &stdout
			if c.Stream == wsman.Stderr {
				b = &stderr
			}
			if b.Len()+len(c.Data) > s.road.cfg.MaxOutput {
				return Output{}, fmt.Errorf("%w: over %d bytes of %s", ErrTooMuch, s.road.cfg.MaxOutput, c.Stream)
			}
			b.Write(c.Data)
		}
		if reply.Done {
			s.done = true
			return Output{stdout.Bytes(), stderr.Bytes(), reply.Exit}, nil
		}
		if len(reply.Chunks) > 0 || time.Since(asked) >= eager {
			pause = eager
			continue
		}
		if !wait(ctx, pause) {
			return Output{}, ctx.Err()
		}
		pause = min(2*pause, maxPause)
	}
}

// wait keeps a host that answers nothing at once from being asked in a loop.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// delete ends the shell on the connection at hand.
func (s *shell) delete(ctx context.Context) {
	if s.id == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.road.cfg.Cleanup)
	defer cancel()
	if s.command != "" && !s.done {
		if _, err := s.do(ctx, s.messages.Signal(s.id, s.command)); err != nil && s.conn.broken {
			return
		}
	}
	_, err := s.do(ctx, s.messages.Delete(s.id))
	var f *Fault
	if err == nil || errors.As(err, &f) {
		s.id = "" // a refusal means that there is nothing to delete, or that we may not
	}
}

// left tells whether a shell is still there.
func (s *shell) left() bool { return s.id != "" }

// remove deletes what is left, on another connection.
func (s *shell) remove(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.road.cfg.Cleanup)
	defer cancel()
	c, err := s.host.connection(ctx, s.credential)
	if err == nil {
		s.conn = c
		s.delete(ctx)
		s.give()
	}
	if s.left() {
		s.road.log.DebugContext(ctx, "shell left to its idle timeout", "host", s.host.endpoint.Host, "error", err)
	}
}
