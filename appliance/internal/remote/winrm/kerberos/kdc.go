package kerberos

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/messages"
)

const (
	// kdcWait is how long one KDC is waited for before the next.
	kdcWait = 5 * time.Second
	// maxReply is twice the largest ticket that Windows makes
	// (MaxTokenSize, 48,000 bytes, and its base64 limit of 65,535).
	maxReply = 128 << 10
	// tagError is what a KRB-ERROR begins with.
	tagError = 0x7e
)

// exchange asks the KDCs of a realm in turn.
func (c *Client) exchange(ctx context.Context, realm string, request []byte) ([]byte, error) {
	addresses, err := c.kdcs(ctx, realm)
	if err != nil {
		return nil, fmt.Errorf("%w: finding the kdcs of %s: %w", ErrKDC, realm, err)
	}
	var problems []error
	for _, address := range addresses {
		reply, err := c.ask(ctx, address, request)
		if err == nil {
			return reply, nil
		}
		problems = append(problems, err)
		if ctx.Err() != nil {
			break
		}
	}
	if len(problems) == 0 {
		problems = append(problems, errors.New("it has none"))
	}
	return nil, fmt.Errorf("%w of %s: %w", ErrKDC, realm, errors.Join(problems...))
}

// ask is one exchange over TCP (RFC 4120 7.2.2).
func (c *Client) ask(ctx context.Context, address string, request []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, kdcWait)
	defer cancel()
	conn, err := c.dial(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", address, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // the read then fails, which is what is reported
	defer stop()
	defer conn.Close() //nolint:errcheck // nothing was written that a failing close could lose
	if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(request))), request...)); err != nil {
		return nil, fmt.Errorf("writing to %s: %w", address, errors.Join(err, ctx.Err()))
	}
	var size [4]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, fmt.Errorf("reading from %s: %w", address, errors.Join(err, ctx.Err()))
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxReply {
		return nil, fmt.Errorf("%w: %s answers with %d bytes", ErrReply, address, n)
	}
	reply := make([]byte, n)
	if _, err := io.ReadFull(conn, reply); err != nil {
		return nil, fmt.Errorf("reading from %s: %w", address, errors.Join(err, ctx.Err()))
	}
	return reply, nil
}

// krbError reads a reply that is a refusal; nil when it is none.
func krbError(reply []byte) (*messages.KRBError, error) {
	if len(reply) == 0 || reply[0] != tagError {
		return nil, nil
	}
	var e messages.KRBError
	if err := e.Unmarshal(reply); err != nil {
		return nil, fmt.Errorf("%w: a refusal that cannot be read", ErrReply)
	}
	return &e, nil
}

// refusal sorts a KDC's error by what a person must do about it.
func refusal(e *messages.KRBError) error {
	kind := ErrReply
	switch e.ErrorCode {
	case errorcode.KDC_ERR_C_PRINCIPAL_UNKNOWN, errorcode.KDC_ERR_PREAUTH_FAILED, errorcode.KDC_ERR_CLIENT_REVOKED,
		errorcode.KDC_ERR_KEY_EXPIRED, errorcode.KDC_ERR_NAME_EXP, errorcode.KDC_ERR_POLICY, errorcode.KDC_ERR_CLIENT_NOTYET,
		errorcode.KDC_ERR_ETYPE_NOSUPP, errorcode.KDC_ERR_WRONG_REALM:
		kind = ErrRefused
	case errorcode.KDC_ERR_S_PRINCIPAL_UNKNOWN, errorcode.KDC_ERR_SERVICE_REVOKED:
		kind = ErrService
	case errorcode.KRB_AP_ERR_SKEW:
		return wrongClock(e.STime)
	}
	return fmt.Errorf("%w: %s", kind, errorcode.Lookup(e.ErrorCode))
}

func wrongClock(theirs time.Time) error {
	return fmt.Errorf("%w: %w (the kdc says %s)", ErrKDC, ErrClock, theirs.UTC().Format(time.RFC3339))
}
