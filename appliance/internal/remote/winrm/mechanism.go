package winrm

import (
	"context"
	"encoding/asn1"
	"fmt"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/kerberos"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/ntlm"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/spnego"
)

// session is what seals after an authentication. Sign, Verify and Reset are
// SPNEGO's.
type session interface {
	Seal(plain []byte) (header, data []byte, err error)
	Unseal(header, data []byte) ([]byte, error)
	Sign(message []byte) ([]byte, error)
	Verify(message, mic []byte) error
	Reset() error
}

// mechanism authenticates by tokens. Next returns nil when it has nothing more
// to say; the session is there once it is authenticated.
type mechanism interface {
	First(ctx context.Context) ([]byte, error)
	Next(token []byte) ([]byte, error)
	Session() session
}

// ntlmMechanism is raw NTLM.
type ntlmMechanism struct{ client *ntlm.Client }

func (m ntlmMechanism) First(context.Context) ([]byte, error) { return m.client.Negotiate(), nil }
func (m ntlmMechanism) Next(challenge []byte) ([]byte, error) {
	return m.client.Authenticate(challenge)
}

func (m ntlmMechanism) Session() session {
	if s := m.client.Session(); s != nil {
		return s
	}
	return nil
}

// kerberosMechanism gets its ticket when it begins.
type kerberosMechanism struct {
	tickets  *kerberos.Client
	account  kerberos.Account
	service  string
	bindings []byte

	context *kerberos.Context
}

func (m *kerberosMechanism) First(ctx context.Context) ([]byte, error) {
	ticket, err := m.tickets.Ticket(ctx, m.account, m.service)
	if err != nil {
		return nil, err
	}
	m.context = kerberos.NewContext(ticket, m.bindings)
	return m.context.Request()
}

func (m *kerberosMechanism) Next(token []byte) ([]byte, error) { return nil, m.context.Reply(token) }

func (m *kerberosMechanism) Session() session {
	if m.context == nil || !m.context.Ready() {
		return nil
	}
	return m.context
}

// spnegoMechanism wraps another's tokens.
type spnegoMechanism struct {
	inner mechanism
	oid   asn1.ObjectIdentifier
	list  []byte // of mechanisms, encoded
	// signs: we send the code over the list, as NTLM with an integrity code
	// must (MS-SPNG 3.1.5.1).
	signs, signed, done bool
}

func (m *spnegoMechanism) First(ctx context.Context) ([]byte, error) {
	token, err := m.inner.First(ctx)
	if err != nil {
		return nil, err
	}
	if m.list, err = spnego.MechanismList(m.oid); err != nil {
		return nil, err
	}
	return spnego.Init(m.oid, token)
}

func (m *spnegoMechanism) Next(token []byte) ([]byte, error) {
	reply, err := spnego.Parse(m.oid, token)
	if err != nil {
		return nil, err
	}
	var out []byte
	if len(reply.Token) > 0 && m.inner.Session() == nil {
		if out, err = m.inner.Next(reply.Token); err != nil {
			return nil, err
		}
	}
	if out == nil {
		return nil, m.finish(reply)
	}
	var mic []byte
	if s := m.inner.Session(); s != nil && m.signs {
		if mic, err = s.Sign(m.list); err != nil {
			return nil, err
		}
		m.signed = true
	}
	return spnego.Respond(out, mic)
}

// finish takes the peer's last word.
func (m *spnegoMechanism) finish(reply spnego.Reply) error {
	s := m.inner.Session()
	if s == nil || reply.State == spnego.Incomplete || reply.State == spnego.RequestMIC {
		return fmt.Errorf("%w: it ends before its end", spnego.ErrToken)
	}
	if reply.MIC != nil {
		if err := s.Verify(m.list, reply.MIC); err != nil {
			return fmt.Errorf("checking the list of mechanisms: %w", err)
		}
	}
	m.done = true
	if m.signed {
		return s.Reset()
	}
	return nil
}

func (m *spnegoMechanism) Session() session {
	if !m.done {
		return nil
	}
	return m.inner.Session()
}
