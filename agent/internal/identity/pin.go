package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
	"github.com/osiriscare/osiris/shared/signed"
)

// Pin is whom this machine believed at enrolment. It outlives the token file.
// Its file has three lines: the site root's SPKI hash and the Central root's
// fingerprint, in lower-case hexadecimal, and the appliance's address, which is a
// default and not believed.
type Pin struct {
	SiteRoot    [sha256.Size]byte
	CentralRoot signed.KeyID
	Addr        string
}

// ParsePin reads the values as configuration spells them.
func ParsePin(siteRoot, centralRoot, addr string) (*Pin, error) {
	p := &Pin{Addr: addr}
	raw, err := hex.DecodeString(siteRoot)
	if err != nil || len(raw) != sha256.Size {
		return nil, errors.New("site_root is not 64 hexadecimal digits")
	}
	p.SiteRoot = [sha256.Size]byte(raw)
	if p.CentralRoot, err = signed.ParseKeyID(strings.ToLower(centralRoot)); err != nil {
		return nil, fmt.Errorf("central_root: %w", err)
	}
	return p, nil
}

// ReadPin reads the pin kept in a data folder; nil when there is none.
func ReadPin(folder string) (*Pin, error) { return loadPin(filepath.Join(folder, pinFile)) }

func loadPin(path string) (*Pin, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if lines := strings.Split(string(content), "\n"); len(lines) == 4 { // the last one is empty
		if p, err := ParsePin(lines[0], lines[1], lines[2]); err == nil {
			return p, nil
		}
	}
	return nil, fmt.Errorf("reading %s: %w", path, ErrDamaged)
}

// Pin is whom the machine believes, nil before it was told.
func (i *Identity) Pin() *Pin {
	i.mu.Lock()
	p := i.pin
	i.mu.Unlock()
	return p
}

// SetPin keeps the pin. An enrolled machine never changes it: another site means
// another data folder.
func (i *Identity) SetPin(p *Pin) error {
	i.mu.Lock()
	err := i.setPin(p)
	i.mu.Unlock()
	return err
}

func (i *Identity) setPin(p *Pin) error {
	if i.pin != nil && *i.pin == *p {
		return nil
	}
	if i.pin != nil && i.leaf != nil && (i.pin.SiteRoot != p.SiteRoot || i.pin.CentralRoot != p.CentralRoot) {
		return errors.New("this machine is enrolled under another root; use another data folder")
	}
	if i.anew { // kept when the appliance has answered
		i.pin = p
		return nil
	}
	if err := i.writePin(p); err != nil {
		return err
	}
	i.pin = p
	return nil
}

func (i *Identity) writePin(p *Pin) error {
	text := hex.EncodeToString(p.SiteRoot[:]) + "\n" + p.CentralRoot.String() + "\n" + p.Addr + "\n"
	return atomicfile.Write(i.path(pinFile), []byte(text), 0o600)
}
