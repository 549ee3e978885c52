package ssh

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Sudo is how a command gets root's rights.
type Sudo string

// The ways.
const (
	SudoNone     Sudo = ""         // the user's own rights
	SudoFree     Sudo = "free"     // sudo asks for no password
	SudoPassword Sudo = "password" // it may ask for one
)

// Credential is who signs in: with Key if it is set, else with Password. It never
// prints its secrets.
type Credential struct {
	User     string
	Password string
	// Key is a private key in PEM, OpenSSH's form or PKCS's.
	Key []byte
	// Passphrase opens Key, if it is locked.
	Passphrase string
	Sudo       Sudo
	// SudoSecret is what sudo is told; Password when it is empty.
	SudoSecret string
}

// String names the user, not the secrets.
func (c Credential) String() string { return fmt.Sprintf("ssh credential of %s", c.User) }

// GoString is for %#v.
func (c Credential) GoString() string { return c.String() }

// LogValue is for slog.
func (c Credential) LogValue() slog.Value { return slog.StringValue(c.String()) }

func (c Credential) secret() string {
	if c.SudoSecret != "" {
		return c.SudoSecret
	}
	return c.Password
}

func (c Credential) validate() error {
	switch {
	case c.User == "" || len(c.User) > 256 || strings.ContainsAny(c.User, "\x00\r\n"):
		return errors.New("no user, or one with control characters")
	case len(c.Password) > 1024 || len(c.SudoSecret) > 1024 || strings.ContainsAny(c.Password+c.SudoSecret, "\x00\r\n"):
		return errors.New("a password too long or with control characters")
	case len(c.Key) == 0 && c.Password == "":
		return errors.New("a key or a password is needed")
	case c.Sudo != SudoNone && c.Sudo != SudoFree && c.Sudo != SudoPassword:
		return fmt.Errorf("sudo %.40q", string(c.Sudo))
	case c.Sudo == SudoPassword && c.secret() == "":
		return errors.New("sudo's password is needed")
	}
	return nil
}

// minRSA is the shortest RSA key that is used or believed, in bits.
const minRSA = 2048

// signer opens the key; nil without one. SHA-1 never signs.
func (c Credential) signer() (ssh.Signer, error) {
	if len(c.Key) == 0 {
		return nil, nil
	}
	var signer ssh.Signer
	var err error
	if c.Passphrase == "" {
		signer, err = ssh.ParsePrivateKey(c.Key)
	} else {
		signer, err = ssh.ParsePrivateKeyWithPassphrase(c.Key, []byte(c.Passphrase))
	}
	if err != nil {
		return nil, errors.New("the private key is not one, or is locked") // what the parser says may quote it
	}
	if err := strong(signer.PublicKey()); err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	if signer.PublicKey().Type() != ssh.KeyAlgoRSA {
		return signer, nil
	}
	able, ok := signer.(ssh.AlgorithmSigner)
	if !ok {
		return nil, errors.New("the private key cannot sign with SHA-2")
	}
	return ssh.NewSignerWithAlgorithms(able, []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256})
}

// strong refuses keys that can be computed.
func strong(key ssh.PublicKey) error {
	standard, ok := key.(ssh.CryptoPublicKey)
	if !ok {
		return fmt.Errorf("%w: a key of type %.40q", ErrWeak, key.Type())
	}
	if public, is := standard.CryptoPublicKey().(*rsa.PublicKey); is && public.N.BitLen() < minRSA {
		return fmt.Errorf("%w: an RSA key of %d bits", ErrWeak, public.N.BitLen())
	}
	return nil
}

// login is a credential with its key opened.
type login struct {
	Credential
	signer ssh.Signer
}

// errOnce ends a login by password after its one try.
var errOnce = errors.New("the password was refused")

// methods are the ways to prove it. A password is sent once, whatever the host
// calls its question: a second try of a wrong one counts towards a lock.
func (l login) methods() []ssh.AuthMethod {
	if l.signer != nil {
		return []ssh.AuthMethod{ssh.PublicKeys(l.signer)}
	}
	sent := false
	once := func() (string, error) {
		if sent {
			return "", errOnce
		}
		sent = true
		return l.Password, nil
	}
	return []ssh.AuthMethod{
		ssh.PasswordCallback(once),
		ssh.KeyboardInteractive(func(_, _ string, questions []string, echos []bool) ([]string, error) {
			if len(questions) == 0 {
				return nil, nil
			}
			if len(questions) > 1 || echos[0] {
				return nil, errors.New("the host asks for more than a password")
			}
			answer, err := once()
			return []string{answer}, err
		}),
	}
}

// sum tells credentials apart without keeping them. Sudo's part does not matter
// to a connection.
func (c Credential) sum() [32]byte {
	h := sha256.New()
	for _, s := range []string{c.User, c.Password, string(c.Key)} {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(s))))
		h.Write([]byte(s))
	}
	return [32]byte(h.Sum(nil))
}
