package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/crypto/ssh"
)

var (
	// ErrInvalid means that the arguments cannot work anywhere.
	ErrInvalid = errors.New("invalid ssh request")
	// ErrUnreachable means that there is no conversation: no answer to the
	// connection, or it broke off.
	ErrUnreachable = errors.New("host unreachable")
	// ErrAuth means that the host does not accept the credential. It is never
	// tried again by itself: accounts lock.
	ErrAuth = errors.New("credential refused")
	// ErrSudo means that sudo does not let the user run the command, or not with
	// this password. It is never tried again by itself either.
	ErrSudo = errors.New("sudo refused")
	// ErrUntrusted means that the host's key is not the pinned one; the error is
	// an *Untrusted.
	ErrUntrusted = errors.New("host's key is not the pinned one")
	// ErrWeak means that the host has only algorithms or keys that are not safe.
	ErrWeak = errors.New("host's cryptography is too weak")
	// ErrQuota means that the host opens no more sessions.
	ErrQuota = errors.New("host opens no more sessions")
	// ErrTimeout means that the deadline or the patience with a login ended.
	ErrTimeout = errors.New("timed out")
	// ErrReply means that the host does not speak SSH.
	ErrReply = errors.New("unusable reply")
	// ErrTooMuch means that the command printed more than is taken.
	ErrTooMuch = errors.New("too much output")
)

var (
	errClosed = fmt.Errorf("%w: the road is closed", ErrUnreachable)
	errSilent = errors.New("the host is silent")
)

// Untrusted says which key a host showed, for an operator to compare before the
// pin is reset.
type Untrusted struct {
	// Fingerprint is of the key that the host showed, Pinned of the one that was
	// expected; both as OpenSSH prints them.
	Fingerprint, Pinned string
}

func (u *Untrusted) Error() string {
	return fmt.Sprintf("%s: it is %s, and %s is pinned", ErrUntrusted, u.Fingerprint, u.Pinned)
}

// Is makes it ErrUntrusted.
func (u *Untrusted) Is(target error) bool { return target == ErrUntrusted }

// passes tells whether trying later may help.
func passes(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	return errors.Is(err, ErrUnreachable) || errors.Is(err, ErrTimeout) || errors.Is(err, ErrQuota)
}

// ended is the error of a context that has.
func ended(ctx context.Context) error { return fmt.Errorf("%w: %w", ErrTimeout, context.Cause(ctx)) }

// classify names an error of the key exchange or the login. keyed tells that the
// host's key was accepted, so that the login had begun.
func classify(err error, keyed bool) error {
	var negotiation *ssh.AlgorithmNegotiationError
	switch {
	case errors.Is(err, ErrUntrusted), errors.Is(err, ErrWeak), errors.Is(err, errKeys):
		return err
	case errors.As(err, &negotiation):
		return fmt.Errorf("%w: no algorithm in common", ErrWeak)
	case broken(err):
		return fmt.Errorf("%w: %w", ErrUnreachable, cause(err))
	}
	// What the library says quotes the host's bytes.
	if keyed {
		return fmt.Errorf("%w: the login failed", ErrAuth)
	}
	return fmt.Errorf("%w: it is not ssh", ErrReply)
}

// broken tells a connection that ended from a host that said something.
func broken(err error) bool {
	var n net.Error
	return errors.As(err, &n) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// cause hides that a patience of ours is a deadline to the standard library: it is
// not the caller's.
func cause(err error) error {
	var n net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &n) && n.Timeout() {
		return errSilent
	}
	return err
}
