package winrm

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/kerberos"
)

// Method is how a credential is proven.
type Method string

// The methods. Raw NTLM is what most clients send under the name Negotiate;
// NTLMSPNEGO wraps it, for hosts behind something that insists.
const (
	NTLM        Method = "ntlm"
	NTLMSPNEGO  Method = "ntlm-spnego"
	Kerberos    Method = "kerberos"
	Certificate Method = "certificate"
	Basic       Method = "basic"
)

// Credential is who signs in. It never prints its secret.
type Credential struct {
	Method Method
	// User is "user", "DOMAIN\user" or "user@realm".
	User     string
	Password string
	// Realm is Kerberos' when it is not the part of User behind the @.
	Realm string
	// Certificate is the client's, for the method of that name. Windows maps
	// it to a local account.
	Certificate *tls.Certificate
}

// String names the user, not the secret.
func (c Credential) String() string { return fmt.Sprintf("%s credential of %s", c.Method, c.User) }

// GoString is for %#v.
func (c Credential) GoString() string { return c.String() }

// LogValue is for slog.
func (c Credential) LogValue() slog.Value { return slog.StringValue(c.String()) }

func (c Credential) validate(e Endpoint) error {
	if len(c.User) > 256 || len(c.Password) > 1024 || strings.ContainsAny(c.User, "\x00\r\n") || strings.ContainsAny(c.Password, "\x00") {
		return errors.New("user or password too long or with control characters")
	}
	if c.Method != Certificate && (c.User == "" || c.Password == "") {
		return errors.New("user and password are needed")
	}
	switch c.Method {
	case NTLM, NTLMSPNEGO:
	case Kerberos:
		if _, realm := c.principal(); realm == "" {
			return errors.New("kerberos needs a realm")
		}
	case Certificate:
		if e.HTTP || c.Certificate == nil || len(c.Certificate.Certificate) == 0 {
			return errors.New("a client certificate, and TLS, are needed")
		}
	case Basic:
		if !e.AllowBasic || (e.HTTP && !e.AllowPlain) || strings.Contains(c.User, ":") {
			return errors.New("basic authentication is not allowed here")
		}
	default:
		return fmt.Errorf("method %.40q", c.Method)
	}
	return nil
}

// account splits the user for NTLM. A user principal name stays whole.
func (c Credential) account() (domain, user string) {
	if domain, user, ok := strings.Cut(c.User, `\`); ok {
		return domain, user
	}
	return "", c.User
}

// principal splits the user for Kerberos.
func (c Credential) principal() (user, realm string) {
	user, realm, _ = strings.Cut(c.User, "@")
	if domain, rest, ok := strings.Cut(user, `\`); ok {
		user = rest
		if realm == "" && strings.Contains(domain, ".") {
			realm = domain
		}
	}
	if c.Realm != "" {
		realm = c.Realm
	}
	return user, strings.ToUpper(realm)
}

func (c Credential) kerberos() kerberos.Account {
	user, realm := c.principal()
	return kerberos.Account{Realm: realm, User: user, Password: c.Password}
}

// sum tells credentials apart without keeping them.
func (c Credential) sum() [32]byte {
	h := sha256.New()
	add := func(b []byte) {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(b))))
		h.Write(b)
	}
	for _, s := range []string{string(c.Method), c.User, c.Password, c.Realm} {
		add([]byte(s))
	}
	if c.Certificate != nil {
		for _, der := range c.Certificate.Certificate {
			add(der)
		}
	}
	return [32]byte(h.Sum(nil))
}
