package machine

import (
	"strings"

	"github.com/osiriscare/osiris/tools/winlab/kerberos"
	"github.com/osiriscare/osiris/tools/winlab/negotiate"
	"github.com/osiriscare/osiris/tools/winlab/ntlm"
)

// Account may log on.
type Account struct {
	User     string
	Password string
}

// security is what a connection's handshake needs.
func (m *Machine) security(bindings []byte) negotiate.Config {
	var out negotiate.Config
	if !m.cfg.NoNTLM {
		domain := m.cfg.Domain
		if domain == "" {
			domain = m.cfg.Name
		}
		out.NTLM = &ntlm.Config{
			NetBIOSDomain: domain, NetBIOSComputer: m.cfg.Name, DNSDomain: m.cfg.DNSDomain, DNSComputer: m.fqdn(),
			NTHash: m.hash, ChannelBindings: bindings, Binding: m.cfg.Binding, RequireMIC: m.cfg.RequireMIC,
		}
	}
	if m.cfg.Keytab != nil {
		out.Kerberos = &kerberos.Config{Keytab: m.cfg.Keytab, RequireBindings: m.cfg.Binding == ntlm.BindingStrict}
		if m.cfg.Binding != ntlm.BindingNone {
			out.Kerberos.ChannelBindings = bindings
		}
	}
	return out
}

// hash takes every spelling of the domain that Windows takes.
func (m *Machine) hash(domain, user string) ([16]byte, bool) {
	known := domain == "" || strings.EqualFold(domain, m.cfg.Domain) || strings.EqualFold(domain, m.cfg.DNSDomain) ||
		strings.EqualFold(domain, m.cfg.Name) || domain == "."
	if name, suffix, found := strings.Cut(user, "@"); found && strings.EqualFold(suffix, m.cfg.DNSDomain) {
		user = name
	}
	for _, a := range m.cfg.Accounts {
		if known && strings.EqualFold(a.User, user) {
			return ntlm.NTHash(a.Password), true
		}
	}
	return [16]byte{}, false
}

func (m *Machine) basic(user, password string) bool {
	for _, a := range m.cfg.Accounts {
		if strings.EqualFold(a.User, user) && a.Password == password {
			return true
		}
	}
	return false
}
