package credential

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Limits of the plain text.
const (
	maxPlain = 64 << 10
	padding  = 256
)

// plain is the plain text's JSON; it is the one form that holds secrets.
type plain struct {
	V           int      `json:"v"`
	Kind        Kind     `json:"kind"`
	Method      string   `json:"method"`
	User        string   `json:"user,omitempty"`
	Realm       string   `json:"realm,omitempty"`
	Password    string   `json:"password,omitempty"`
	Certificate [][]byte `json:"certificate,omitempty"`
	Key         string   `json:"key,omitempty"`
	Passphrase  string   `json:"passphrase,omitempty"`
	Sudo        Sudo     `json:"sudo,omitempty"`
	SudoSecret  string   `json:"sudo_password,omitempty"`
	Hosts       []string `json:"hosts,omitempty"`
}

// encode gives the plain text of a valid credential.
func (c Credential) encode() ([]byte, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(plain{ //nolint:gosec // it is sealed before it leaves the package
		V: 1, Kind: c.Kind, Method: c.Method, User: c.User, Realm: c.Realm, Password: c.Password.value, Certificate: c.Certificate,
		Key: c.Key.value, Passphrase: c.Passphrase.value, Sudo: c.Sudo, SudoSecret: c.SudoSecret.value, Hosts: c.Hosts,
	})
	if err != nil {
		return nil, fmt.Errorf("writing credential: %w", err)
	}
	if n := len(raw) % padding; n > 0 {
		raw = append(raw, bytes.Repeat([]byte{' '}, padding-n)...)
	}
	if len(raw) > maxPlain {
		return nil, fmt.Errorf("%w: it is longer than %d bytes", ErrInvalid, maxPlain)
	}
	return raw, nil
}

// decode reads a plain text. Its errors never hold any of it.
func decode(raw []byte) (Credential, error) {
	if len(raw) > maxPlain {
		return Credential{}, fmt.Errorf("%w: it is longer than %d bytes", ErrInvalid, maxPlain)
	}
	var p plain
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields() // a field we do not know may be a limit
	if d.Decode(&p) != nil {
		return Credential{}, fmt.Errorf("%w: it is not of a form that this program knows", ErrInvalid)
	}
	if _, err := d.Token(); err != io.EOF {
		return Credential{}, fmt.Errorf("%w: something follows it", ErrInvalid)
	}
	if p.V != 1 {
		return Credential{}, fmt.Errorf("%w: it is of version %d, which this program does not know", ErrInvalid, p.V)
	}
	c := Credential{
		Kind: p.Kind, Method: p.Method, User: p.User, Realm: p.Realm, Password: Secret{p.Password}, Certificate: p.Certificate,
		Key: Secret{p.Key}, Passphrase: Secret{p.Passphrase}, Sudo: p.Sudo, SudoSecret: Secret{p.SudoSecret}, Hosts: p.Hosts,
	}
	return c, c.Validate()
}
