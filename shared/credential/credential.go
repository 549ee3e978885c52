// Package credential is what an appliance signs in with where no agent runs: a
// Windows or SSH account, a client certificate, a bind to the directory. A
// person's computer seals it to the appliance's own key (HPKE, RFC 9180: DHKEM
// X25519, HKDF-SHA256, ChaCha20-Poly1305, from crypto/hpke), so that Central
// keeps and carries it without being able to read it. The seal is bound to a
// Place (site, appliance, name, kind, version): a sealed text that is moved to
// another name or back to an older version does not open.
//
// Secrets have the type Secret, which prints as "(secret)" whatever is used to
// print it. Plain text is JSON of at most 64 KB, padded to a multiple of 256
// bytes so that its length says nothing of a password's.
//
// ErrInvalid means that the parts do not make a credential; ErrSealed that a
// text was sealed to another key or for another place; ErrKey that a sealing key
// is not signed as the appliance's.
package credential

import (
	"errors"
	"fmt"
	"strings"
)

// Errors that callers tell apart.
var (
	ErrInvalid = errors.New("not a credential")
	ErrSealed  = errors.New("sealed to another key, or for another place")
	ErrKey     = errors.New("not the appliance's sealing key")
)

// Kind says what a credential signs in to.
type Kind string

// The kinds.
const (
	WindowsPassword   Kind = "windows-password"
	ClientCertificate Kind = "client-certificate"
	SSHKey            Kind = "ssh-key"
	SSHPassword       Kind = "ssh-password"
	LDAPBind          Kind = "ldap-bind"
)

// Kinds are all, in the order of help.
var Kinds = []Kind{WindowsPassword, ClientCertificate, SSHKey, SSHPassword, LDAPBind}

// methods are how each kind may be proven; the first is the default.
var methods = map[Kind][]string{
	WindowsPassword:   {"ntlm", "kerberos", "ntlm-spnego", "basic"},
	ClientCertificate: {"certificate"},
	SSHKey:            {"publickey"},
	SSHPassword:       {"password"},
	LDAPBind:          {"simple", "kerberos"},
}

// Methods are how a kind may be proven, the default first.
func Methods(k Kind) []string { return methods[k] }

// Sudo says how commands get root's rights on a host reached by SSH.
type Sudo string

// The ways.
const (
	SudoNone     Sudo = ""         // the user has the rights, or needs none
	SudoFree     Sudo = "free"     // sudo -n, which asks for nothing
	SudoPassword Sudo = "password" // sudo -S, with SudoSecret, or Password where that is empty
)

// Credential is one, open. Fields that its kind has no use for are empty.
type Credential struct {
	Kind   Kind
	Method string // of Methods(Kind)
	// User is "user", "DOMAIN\user" or "user@realm"; of an LDAP bind a DN too.
	User     string
	Realm    string // Kerberos', when User does not say
	Password Secret
	// Certificate is the client's with what is above it, DER.
	Certificate [][]byte
	// Key is PKCS #8 in PEM for a certificate, OpenSSH's or any PEM for SSH.
	Key        Secret
	Passphrase Secret // of Key
	Sudo       Sudo
	SudoSecret Secret
	// Hosts limits where it may be used; empty means wherever a target names it.
	// See Allows.
	Hosts []string
}

// Limits.
const (
	maxUser        = 256
	maxSecret      = 1024
	maxKey         = 32 << 10
	maxCertificate = 16 << 10
	maxChain       = 4
	maxHosts       = 64
)

// Validate refuses what no host would take.
func (c Credential) Validate() error {
	switch {
	case len(methods[c.Kind]) == 0:
		return fmt.Errorf("%w: there is no kind %.40q", ErrInvalid, c.Kind)
	case !contains(methods[c.Kind], c.Method):
		return fmt.Errorf("%w: %s is proven by %s, not by %.40q", ErrInvalid, c.Kind, strings.Join(methods[c.Kind], " or "), c.Method)
	case len(c.User) > maxUser || control(c.User) || len(c.Realm) > maxUser || control(c.Realm):
		return fmt.Errorf("%w: the user or the realm is too long or has control characters", ErrInvalid)
	case c.User == "" && c.Kind != ClientCertificate:
		return fmt.Errorf("%w: it has no user", ErrInvalid)
	}
	for what, s := range map[string]Secret{"password": c.Password, "passphrase": c.Passphrase, "sudo password": c.SudoSecret} {
		if len(s.value) > maxSecret || strings.ContainsAny(s.value, "\x00\n\r") {
			return fmt.Errorf("%w: the %s is longer than %d bytes or has line ends", ErrInvalid, what, maxSecret)
		}
	}
	return errors.Join(c.checkSecrets(), c.checkSudo(), c.checkHosts())
}

func (c Credential) checkSecrets() error {
	password := c.Kind == WindowsPassword || c.Kind == SSHPassword || c.Kind == LDAPBind
	key := c.Kind == SSHKey || c.Kind == ClientCertificate
	switch {
	case password != !c.Password.Empty():
		return fmt.Errorf("%w: %s has a password: %t", ErrInvalid, c.Kind, password)
	case key != !c.Key.Empty() || len(c.Key.value) > maxKey:
		return fmt.Errorf("%w: %s has a key of at most %d bytes: %t", ErrInvalid, c.Kind, maxKey, key)
	case (c.Kind == ClientCertificate) != (len(c.Certificate) > 0) || len(c.Certificate) > maxChain:
		return fmt.Errorf("%w: %s has a certificate: %t", ErrInvalid, c.Kind, c.Kind == ClientCertificate)
	case !c.Passphrase.Empty() && !key:
		return fmt.Errorf("%w: a passphrase is for a key", ErrInvalid)
	}
	for _, der := range c.Certificate {
		if len(der) == 0 || len(der) > maxCertificate {
			return fmt.Errorf("%w: a certificate has %d bytes", ErrInvalid, len(der))
		}
	}
	return nil
}

func (c Credential) checkSudo() error {
	ssh := c.Kind == SSHKey || c.Kind == SSHPassword
	switch {
	case c.Sudo != SudoNone && c.Sudo != SudoFree && c.Sudo != SudoPassword:
		return fmt.Errorf("%w: sudo is free or password, not %.40q", ErrInvalid, c.Sudo)
	case c.Sudo != SudoNone && !ssh:
		return fmt.Errorf("%w: sudo is for SSH", ErrInvalid)
	case c.Sudo != SudoPassword && !c.SudoSecret.Empty(), c.Sudo == SudoPassword && c.SudoSecret.Empty() && c.Kind == SSHKey:
		return fmt.Errorf("%w: sudo with a password has one, and only that", ErrInvalid)
	}
	return nil
}

// String names the user, not the secret.
func (c Credential) String() string { return fmt.Sprintf("%s credential of %q", c.Kind, c.User) }

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

func control(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
