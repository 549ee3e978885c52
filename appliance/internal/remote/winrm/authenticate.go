package winrm

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/ntlm"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/sealed"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/spnego"
)

// prepare sets how the connection will authenticate.
func (c *conn) prepare(r *Road, credential Credential, bindings []byte) error {
	switch credential.Method {
	case Basic:
		c.authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte(credential.User+":"+credential.Password))
	case Certificate:
		c.authorization = mutual
	case NTLM, NTLMSPNEGO:
		domain, user := credential.account()
		account := ntlm.Account{Domain: domain, User: user, Password: credential.Password, Target: c.endpoint.service(), Bindings: bindings}
		c.mechanism = func() mechanism {
			m := ntlmMechanism{ntlm.New(account)}
			if credential.Method == NTLM {
				return m
			}
			return &spnegoMechanism{inner: m, oid: spnego.NTLM, signs: true}
		}
	case Kerberos:
		account := credential.kerberos()
		c.mechanism = func() mechanism {
			return &spnegoMechanism{oid: spnego.Kerberos, inner: &kerberosMechanism{
				tickets: r.tickets, account: account, service: c.endpoint.service(), bindings: bindings,
			}}
		}
	default:
		return fmt.Errorf("%w: method %q", ErrInvalid, credential.Method)
	}
	return nil
}

// maxLegs is more than any mechanism has.
const maxLegs = 5

// authenticate proves who we are. Under TLS the message that was to be sent
// travels with the last token, and its answer is returned; without, the last
// token goes alone, and nothing travels before both sides have keys.
func (c *conn) authenticate(ctx context.Context, message []byte) (*answer, error) {
	m := c.mechanism()
	token, err := m.First(ctx)
	if err != nil {
		return nil, err
	}
	for leg := range maxLegs {
		var body []byte
		if !c.endpoint.HTTP && (leg > 0 || m.Session() != nil || isKerberos(m)) {
			body = message
		}
		a, err := c.post(ctx, "Negotiate "+base64.StdEncoding.EncodeToString(token), soapType, body)
		if err != nil {
			return nil, err
		}
		reply, offered := tokenIn(a.header, "Negotiate")
		if a.status != http.StatusUnauthorized {
			return a, c.established(m, a, reply)
		}
		if c.broken {
			return nil, fmt.Errorf("%w: the host hangs up while authenticating", ErrAuth)
		}
		if len(reply) == 0 {
			return nil, refused(leg, offered, a)
		}
		if token, err = m.Next(reply); err != nil {
			return nil, err
		}
		if token == nil {
			return nil, fmt.Errorf("%w: after the last token", ErrAuth)
		}
	}
	return nil, fmt.Errorf("%w: no end of authentication", ErrReply)
}

// isKerberos: its first token may be the last.
func isKerberos(m mechanism) bool {
	s, ok := m.(*spnegoMechanism)
	return ok && s.oid.Equal(spnego.Kerberos)
}

// refused explains a 401 without a token.
func refused(leg int, offered bool, a *answer) error {
	if leg == 0 && !offered {
		return fmt.Errorf("%w: the host offers %.100q, not Negotiate", ErrAuth, strings.Join(a.header.Values("WWW-Authenticate"), ", "))
	}
	return ErrAuth
}

// established takes the host's last token and insists on a session.
func (c *conn) established(m mechanism, a *answer, reply []byte) error {
	if m.Session() == nil && len(reply) > 0 {
		if _, err := m.Next(reply); err != nil {
			return err
		}
	}
	if m.Session() == nil {
		return fmt.Errorf("%w: it answers %d before it has proven itself", ErrUnsealed, a.status)
	}
	if c.endpoint.HTTP && (a.status != http.StatusOK || len(a.body) > 0) {
		return fmt.Errorf("%w: it answers the last token with status %d and %d bytes", ErrUnsealed, a.status, len(a.body))
	}
	c.session = m.Session()
	return nil
}

// exchange sends a message in the way this connection has, and returns the
// SOAP of the answer.
func (c *conn) exchange(ctx context.Context, message []byte) ([]byte, error) {
	soap, err := c.exchangeOnce(ctx, message)
	if err != nil {
		c.close()
	} else {
		c.used = true
	}
	return soap, err
}

func (c *conn) exchangeOnce(ctx context.Context, message []byte) ([]byte, error) {
	if c.mechanism == nil {
		a, err := c.post(ctx, c.authorization, soapType, message)
		if err != nil {
			return nil, err
		}
		return plain(a)
	}
	if c.session == nil {
		a, err := c.authenticate(ctx, message)
		if err != nil {
			return nil, err
		}
		if !c.endpoint.HTTP {
			return plain(a)
		}
	}
	if c.endpoint.HTTP {
		return c.exchangeSealed(ctx, message)
	}
	a, err := c.post(ctx, "", soapType, message)
	if err != nil {
		return nil, err
	}
	if a.status == http.StatusUnauthorized && !c.broken {
		// Some hosts authenticate each request under Kerberos; it was not
		// looked at yet.
		if a, err = c.authenticate(ctx, message); err != nil {
			return nil, err
		}
	}
	return plain(a)
}

// exchangeSealed is the only way without TLS. What comes back unsealed is not
// looked into.
func (c *conn) exchangeSealed(ctx context.Context, message []byte) ([]byte, error) {
	header, data, err := c.session.Seal(message)
	if err != nil {
		return nil, err
	}
	body := sealed.SPNEGO.Encode(sealed.Part{Header: header, Data: data, Plain: len(message)})
	a, err := c.post(ctx, "", sealed.SPNEGO.ContentType(), body)
	if err != nil {
		return nil, err
	}
	kind := a.header.Get("Content-Type")
	if !sealed.Is(kind) {
		return nil, c.unsealed(a)
	}
	parts, err := sealed.SPNEGO.Decode(kind, a.body)
	if err != nil {
		return nil, err
	}
	var soap []byte
	for _, p := range parts {
		text, err := c.session.Unseal(p.Header, p.Data)
		if err != nil {
			return nil, err
		}
		if len(text) != p.Plain {
			return nil, fmt.Errorf("%w: %d bytes where %d were said", sealed.ErrBody, len(text), p.Plain)
		}
		soap = append(soap, text...)
	}
	return soap, nil
}

// unsealed sorts answers that should have been sealed.
func (c *conn) unsealed(a *answer) error {
	switch {
	case a.status == http.StatusUnauthorized && c.used:
		return fmt.Errorf("%w: the host has forgotten who we are", errStale)
	case a.status == http.StatusServiceUnavailable:
		return fmt.Errorf("%w: its service is not available", ErrUnreachable)
	case len(a.body) == 0:
		return fmt.Errorf("%w: http status %d and nothing else", ErrReply, a.status)
	}
	return fmt.Errorf("%w: http status %d with %d bytes of %.60q", ErrUnsealed, a.status, len(a.body), a.header.Get("Content-Type"))
}

// plain is the SOAP of an answer under TLS, or where a site allows it.
func plain(a *answer) ([]byte, error) {
	switch a.status {
	case http.StatusOK, http.StatusInternalServerError:
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, fmt.Errorf("%w: http status %d", ErrAuth, a.status)
	case http.StatusServiceUnavailable:
		return nil, fmt.Errorf("%w: its service is not available", ErrUnreachable)
	default:
		return nil, fmt.Errorf("%w: http status %d", ErrReply, a.status)
	}
	if kind := a.header.Get("Content-Type"); !strings.HasPrefix(strings.ToLower(kind), "application/soap+xml") {
		return nil, errors.Join(ErrReply, fmt.Errorf("http status %d with %.60q", a.status, kind))
	}
	return a.body, nil
}
