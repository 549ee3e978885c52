package negotiate

import (
	"github.com/osiriscare/osiris/tools/winlab/kerberos"
	"github.com/osiriscare/osiris/tools/winlab/ntlm"
)

// ntlmMechanism takes two steps.
type ntlmMechanism struct {
	acceptor   *ntlm.Acceptor
	challenged bool
}

func (m *ntlmMechanism) step(token []byte) ([]byte, Identity, bool, error) {
	if !m.challenged {
		reply, err := m.acceptor.Challenge(token)
		m.challenged = err == nil
		return reply, Identity{}, false, err
	}
	who, err := m.acceptor.Authenticate(token)
	id := Identity{Domain: who.Domain, User: who.User, Mechanism: "ntlm", Target: who.TargetName, MIC: who.MIC}
	return nil, id, err == nil, err
}

func (m *ntlmMechanism) seal(plain []byte) ([]byte, []byte, error) {
	head, data := m.acceptor.Session().Seal(plain)
	return head, data, nil
}

func (m *ntlmMechanism) unseal(head, data []byte) ([]byte, error) {
	return m.acceptor.Session().Unseal(head, data)
}

func (m *ntlmMechanism) signList(list []byte) ([]byte, error) {
	return m.acceptor.Session().SignList(list), nil
}

func (m *ntlmMechanism) verifyList(list, mic []byte) error {
	return m.acceptor.Session().VerifyList(list, mic)
}

// kerberosMechanism takes one step.
type kerberosMechanism struct{ acceptor *kerberos.Acceptor }

func (m *kerberosMechanism) step(token []byte) ([]byte, Identity, bool, error) {
	reply, who, err := m.acceptor.Accept(token)
	id := Identity{Domain: who.Realm, User: who.User, Mechanism: "kerberos", Target: who.Service}
	return reply, id, err == nil, err
}

func (m *kerberosMechanism) seal(plain []byte) ([]byte, []byte, error) {
	return m.acceptor.Session().Seal(plain)
}

func (m *kerberosMechanism) unseal(head, data []byte) ([]byte, error) {
	return m.acceptor.Session().Unseal(head, data)
}

func (m *kerberosMechanism) signList(list []byte) ([]byte, error) {
	return m.acceptor.Session().SignList(list)
}

func (m *kerberosMechanism) verifyList(list, mic []byte) error {
	return m.acceptor.Session().VerifyList(list, mic)
}
