package identity

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/osiriscare/osiris/shared/signed"
)

const provisionPrefix = "osiris1."

// Provision is what a provisioning string says. Its pins are what the appliance
// believes before it has anything else.
type Provision struct {
	Code        string `json:"code"`
	CentralURL  string `json:"central_url"`
	CentralRoot string `json:"central_root"` // fingerprint of the Central root
	TLSPin      string `json:"tls_pin"`      // SHA-256 of a SubjectPublicKeyInfo in Central's chain, hexadecimal
	SiteID      string `json:"site_id"`
}

// ParseProvision reads "osiris1." and the base64url of JSON.
func ParseProvision(text string) (Provision, error) {
	var p Provision
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), provisionPrefix)
	if !ok || len(rest) > 4096 {
		return p, fmt.Errorf("reading provisioning string: it does not begin with %q", provisionPrefix)
	}
	body, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(rest, "="))
	if err != nil {
		return p, fmt.Errorf("reading provisioning string: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&p); err != nil {
		return p, fmt.Errorf("reading provisioning string: %w", err)
	}
	return p, p.check()
}

func (p Provision) check() error {
	if p.Code == "" {
		return errors.New("reading provisioning string: it has no code")
	}
	if u, err := url.Parse(p.CentralURL); err != nil || u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("reading provisioning string: central_url %q is not an https address", p.CentralURL)
	}
	if _, err := signed.ParseKeyID(p.CentralRoot); err != nil {
		return fmt.Errorf("reading central_root: %w", err)
	}
	if _, err := p.Pin(); err != nil {
		return err
	}
	return nil
}

// Root is the pinned fingerprint of the Central root.
func (p Provision) Root() (signed.KeyID, error) { return signed.ParseKeyID(p.CentralRoot) }

// Pin is TLSPin as bytes.
func (p Provision) Pin() (pin [32]byte, err error) {
	b, err := hex.DecodeString(p.TLSPin)
	if err != nil || len(b) != len(pin) {
		return pin, errors.New("reading tls_pin: it is not 64 hexadecimal digits")
	}
	return [32]byte(b), nil
}
