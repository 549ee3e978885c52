// Package negotiate accepts what stands after "Authorization: Negotiate": raw
// NTLMSSP, raw Kerberos, or SPNEGO around one of them. One Acceptor is one
// context on one connection; Step takes the client's tokens in turn, and when
// it says done, Seal and Unseal protect messages with the mechanism that won.
// It is not safe for concurrent use. A refusal is ErrRefused and wraps the
// mechanism's reason. Sources: RFC 4178, [MS-SPNG], [MS-NTHT].
package negotiate

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/osiriscare/osiris/tools/winlab/kerberos"
	"github.com/osiriscare/osiris/tools/winlab/ntlm"
	"github.com/osiriscare/osiris/tools/winlab/spnego"
)

// ErrRefused is a token that does not lead to a session.
var ErrRefused = errors.New("negotiation refused")

// Config says which mechanisms there are; nil is one that is not offered.
type Config struct {
	NTLM     *ntlm.Config
	Kerberos *kerberos.Config
}

// Identity is who logged on, and how.
type Identity struct {
	Domain    string
	User      string
	Mechanism string
	// SPNEGO says that the tokens were wrapped.
	SPNEGO bool
	// Target is the service that the client meant, as far as it said so.
	Target string
	// MIC says that NTLM's messages were proven unchanged.
	MIC bool
}

// Name is DOMAIN\user.
func (i Identity) Name() string {
	if i.Domain == "" {
		return i.User
	}
	return i.Domain + `\` + i.User
}

// mechanism is one security mechanism under SPNEGO or alone.
type mechanism interface {
	step(token []byte) (reply []byte, id Identity, done bool, err error)
	seal(plain []byte) (head, data []byte, err error)
	unseal(head, data []byte) ([]byte, error)
	signList(list []byte) ([]byte, error)
	verifyList(list, mic []byte) error
}

// Acceptor is one context.
type Acceptor struct {
	cfg   Config
	mech  mechanism
	id    Identity
	done  bool
	dead  bool
	steps int

	spnego bool
	list   []byte
	chosen []byte
	// needMIC: another mechanism stood first, so the list must be proven.
	needMIC bool
}

// New starts a context.
func New(cfg Config) *Acceptor { return &Acceptor{cfg: cfg} }

// maxSteps bounds a context: SPNEGO with a guess that missed takes three.
const maxSteps = 4

// Step takes the client's next token. A reply may come with done.
func (a *Acceptor) Step(token []byte) (reply []byte, done bool, err error) {
	a.steps++
	if a.dead || a.done || a.steps > maxSteps {
		return nil, false, fmt.Errorf("token out of turn: %w", ErrRefused)
	}
	reply, done, err = a.step(token)
	if err != nil {
		a.dead = true
		return nil, false, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	a.done = done
	return reply, done, nil
}

func (a *Acceptor) step(token []byte) ([]byte, bool, error) {
	switch {
	case a.spnego:
		return a.resp(token)
	case a.mech == nil && spnego.IsInit(token):
		return a.init(token)
	case a.mech != nil:
	case ntlm.MessageType(token) == 1 && a.cfg.NTLM != nil:
		a.mech = &ntlmMechanism{acceptor: ntlm.NewAcceptor(*a.cfg.NTLM)}
	case kerberos.IsToken(token) && a.cfg.Kerberos != nil:
		a.mech = &kerberosMechanism{acceptor: kerberos.NewAcceptor(*a.cfg.Kerberos)}
	default:
		return nil, false, errors.New("no mechanism that is known")
	}
	reply, id, done, err := a.mech.step(token)
	a.id = id
	return reply, done, err
}

// init takes the list of mechanisms and perhaps the first token of one.
func (a *Acceptor) init(token []byte) ([]byte, bool, error) {
	in, err := spnego.ParseInit(token)
	if err != nil {
		return nil, false, err
	}
	a.spnego, a.list = true, in.List
	for i, oid := range in.Mechanisms {
		if a.mech = a.choose(oid); a.mech == nil {
			continue
		}
		a.chosen, a.needMIC = oid, i > 0
		if i > 0 || in.Token == nil {
			// The token, if any, is of the mechanism that the client likes best.
			return a.answer(spnego.Resp{State: spnego.RequestMIC, Mechanism: oid}, false)
		}
		return a.inner(in.Token, in.MIC)
	}
	return nil, false, errors.New("no mechanism in common")
}

func (a *Acceptor) choose(oid []byte) mechanism {
	switch {
	case bytes.Equal(oid, spnego.NTLM) && a.cfg.NTLM != nil:
		return &ntlmMechanism{acceptor: ntlm.NewAcceptor(*a.cfg.NTLM)}
	case (bytes.Equal(oid, spnego.Kerberos) || bytes.Equal(oid, spnego.MSKerberos)) && a.cfg.Kerberos != nil:
		return &kerberosMechanism{acceptor: kerberos.NewAcceptor(*a.cfg.Kerberos)}
	}
	return nil
}

func (a *Acceptor) resp(token []byte) ([]byte, bool, error) {
	in, err := spnego.ParseResp(token)
	if err != nil {
		return nil, false, err
	}
	return a.inner(in.Token, in.MIC)
}

// inner hands the mechanism its token and wraps the answer.
func (a *Acceptor) inner(token, mic []byte) ([]byte, bool, error) {
	reply, id, done, err := a.mech.step(token)
	if err != nil {
		return nil, false, err
	}
	id.SPNEGO = true
	a.id = id
	out := spnego.Resp{State: spnego.AcceptIncomplete, Token: reply}
	if a.chosen != nil {
		out.Mechanism, a.chosen = a.chosen, nil
	}
	if !done {
		return a.answer(out, false)
	}
	out.State = spnego.AcceptCompleted
	if mic == nil {
		if a.needMIC {
			return nil, false, errors.New("the list of mechanisms is not signed")
		}
		return a.answer(out, true)
	}
	if err := a.mech.verifyList(a.list, mic); err != nil {
		return nil, false, err
	}
	if out.MIC, err = a.mech.signList(a.list); err != nil {
		return nil, false, err
	}
	return a.answer(out, true)
}

func (a *Acceptor) answer(r spnego.Resp, done bool) ([]byte, bool, error) {
	if r.State == spnego.RequestMIC {
		a.chosen = nil
	}
	b, err := r.Marshal()
	return b, done, err
}

// Done says whether the context stands.
func (a *Acceptor) Done() bool { return a.done }

// Identity is who logged on; before Done it is a claim.
func (a *Acceptor) Identity() Identity { return a.id }

// Seal protects a message to the client; head travels before data.
func (a *Acceptor) Seal(plain []byte) (head, data []byte, err error) {
	if !a.done {
		return nil, nil, fmt.Errorf("sealing before the end of the handshake: %w", ErrRefused)
	}
	return a.mech.seal(plain)
}

// Unseal opens a message of the client.
func (a *Acceptor) Unseal(head, data []byte) ([]byte, error) {
	if !a.done {
		return nil, fmt.Errorf("unsealing before the end of the handshake: %w", ErrRefused)
	}
	return a.mech.unseal(head, data)
}
