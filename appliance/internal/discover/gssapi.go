package discover

import (
	"errors"
	"fmt"

	"github.com/go-ldap/ldap/v3"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/kerberos"
)

// gssapi is a logon with a ticket (RFC 4752), as go-ldap asks for it. TLS seals:
// no further layer is negotiated.
type gssapi struct {
	context *kerberos.Context
	asked   bool
	problem error // go-ldap's own errors are about the controller's answers
}

var _ ldap.GSSAPIClient = (*gssapi)(nil)

func (g *gssapi) bind(s *session) error {
	switch err := s.conn.GSSAPIBind(g, "ldap/"+s.server, ""); {
	case g.problem != nil:
		return kerberosProblem("binding", g.problem)
	case err != nil:
		return fmt.Errorf("binding: %w", err)
	case !g.context.Ready():
		return fmt.Errorf("%w: the controller did not prove itself", ErrReply)
	}
	return nil
}

// InitSecContext implements ldap.GSSAPIClient.
func (g *gssapi) InitSecContext(_ string, token []byte) (answer []byte, more bool, err error) {
	if !g.asked {
		g.asked = true
		answer, g.problem = g.context.Request()
		return answer, true, g.problem
	}
	g.problem = g.context.Reply(token)
	return nil, false, g.problem
}

// InitSecContextWithOptions implements ldap.GSSAPIClient.
func (g *gssapi) InitSecContextWithOptions(service string, token []byte, _ []int) ([]byte, bool, error) {
	return g.InitSecContext(service, token)
}

// NegotiateSaslAuth implements ldap.GSSAPIClient: what the controller offers is
// read for its code only.
func (g *gssapi) NegotiateSaslAuth(token []byte, user string) ([]byte, error) {
	offer, err := g.context.Unwrap(token)
	if err == nil && len(offer) != 4 {
		err = errors.Join(kerberos.ErrReply, errors.New("reading what layers the controller offers"))
	}
	if err != nil {
		g.problem = err
		return nil, err
	}
	answer, err := g.context.Wrap(append(make([]byte, 4), user...))
	g.problem = err
	return answer, err
}

// DeleteSecContext implements ldap.GSSAPIClient.
func (g *gssapi) DeleteSecContext() error { return nil }
