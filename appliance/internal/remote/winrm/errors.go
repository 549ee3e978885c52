package winrm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/kerberos"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/ntlm"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/sealed"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/spnego"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/wsman"
)

var (
	// ErrInvalid means that the arguments cannot work anywhere.
	ErrInvalid = errors.New("invalid winrm request")
	// ErrUnreachable means that there is no conversation: no answer to the
	// connection, or it broke off.
	ErrUnreachable = errors.New("host unreachable")
	// ErrAuth means that the host or its KDC does not accept the credential.
	// It is never tried again by itself: accounts lock.
	ErrAuth = errors.New("credential refused")
	// ErrNotNow means that Command.Logon did not let the credential be shown.
	ErrNotNow = errors.New("not signing in now")
	// ErrUntrusted means that the host's certificate is not the right one; the
	// error is an *Untrusted.
	ErrUntrusted = errors.New("host's certificate is not trusted")
	// ErrUnsealed means that the host would talk, but not sealed.
	ErrUnsealed = errors.New("host does not seal")
	// ErrQuota means that the host has too many shells or operations of this
	// user already.
	ErrQuota = errors.New("host's quota is used up")
	// ErrTimeout means that the deadline or the patience with one answer
	// ended.
	ErrTimeout = errors.New("timed out")
	// ErrReply means that the host does not speak WS-Management.
	ErrReply = errors.New("unusable reply")
	// ErrTooMuch means that the command printed more than is taken.
	ErrTooMuch = errors.New("too much output")
)

// Fault is a host's own refusal, with its code.
type Fault = wsman.Fault

// passes tells whether trying later may help.
func passes(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if errors.Is(err, ErrUnreachable) || errors.Is(err, ErrTimeout) || errors.Is(err, ErrQuota) {
		return true
	}
	var f *Fault
	if !errors.As(err, &f) {
		return false
	}
	switch f.Code {
	case wsman.CodeShellGone, wsman.CodeAborted, wsman.CodeKeyDeleted:
		return true
	}
	return false
}

// classify gives an error of the network or of a mechanism the name that callers
// know.
func classify(ctx context.Context, err error) error {
	var n net.Error
	var f *Fault
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		// What failed is a consequence.
		return fmt.Errorf("%w: %w", ErrTimeout, context.Cause(ctx))
	case known(err):
		return err
	case errors.As(err, &f):
		switch f.Code {
		case wsman.CodeShellQuota, wsman.CodeOperations, wsman.CodeUserQuota:
			return fmt.Errorf("%w: %w", ErrQuota, err)
		case wsman.CodeAccessDenied:
			return fmt.Errorf("%w: %w", ErrAuth, err)
		}
		return err
	case errors.Is(err, kerberos.ErrRefused):
		return fmt.Errorf("%w: %w", ErrAuth, err)
	case errors.Is(err, kerberos.ErrKDC):
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	case errors.Is(err, spnego.ErrRejected):
		return fmt.Errorf("%w: %w", ErrAuth, err)
	case errors.Is(err, ntlm.ErrWeak), errors.Is(err, ntlm.ErrSeal), errors.Is(err, kerberos.ErrSeal), errors.Is(err, sealed.ErrBody), errors.Is(err, spnego.ErrMechanism):
		return fmt.Errorf("%w: %w", ErrUnsealed, err)
	case errors.Is(err, ntlm.ErrChallenge), errors.Is(err, spnego.ErrToken), errors.Is(err, kerberos.ErrReply), errors.Is(err, kerberos.ErrService), errors.Is(err, wsman.ErrReply):
		return fmt.Errorf("%w: %w", ErrReply, err)
	case errors.As(err, &n) && n.Timeout(), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: no answer: %w", ErrTimeout, cause(err))
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}

// cause hides that a patience of ours is a deadline to the standard library:
// it is not the caller's.
func cause(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return errors.New("the host is silent")
	}
	return err
}

func known(err error) bool {
	for _, k := range []error{ErrInvalid, ErrUnreachable, ErrAuth, ErrNotNow, ErrUntrusted, ErrUnsealed, ErrQuota, ErrTimeout, ErrReply, ErrTooMuch} {
		if errors.Is(err, k) {
			return true
		}
	}
	return false
}

// Untrusted says which key a host showed, for an operator to pin it.
type Untrusted struct {
	// SPKI is the SHA-256 of the certificate's public key.
	SPKI [32]byte
	Err  error
}

func (u *Untrusted) Error() string {
	return fmt.Sprintf("%s: %s (its key's SHA-256 is %x)", ErrUntrusted, u.Err, u.SPKI)
}

// Is makes it ErrUntrusted.
func (u *Untrusted) Is(target error) bool { return target == ErrUntrusted }

// Unwrap is the reason.
func (u *Untrusted) Unwrap() error { return u.Err }
