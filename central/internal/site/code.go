package site

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/osiriscare/osiris/central/internal/store"
)

// codeLifetime is used when the caller names none.
const (
	codeLifetime    = 30 * 24 * time.Hour
	maxCodeLifetime = 365 * 24 * time.Hour
	codeDigits      = 16
)

// CodeStore keeps provisioning codes.
type CodeStore interface {
	AddCode(ctx context.Context, c store.Code) error
	Code(ctx context.Context, hash []byte) (store.Code, error)
	UseCode(ctx context.Context, hash []byte, a store.Appliance, l store.Log) error
	ReuseCode(ctx context.Context, hash []byte, id store.ApplianceID, tls, ca []byte) error
}

// provisioning is what an appliance is given, in this order and spelling.
type provisioning struct {
	Code        string `json:"code"`
	CentralURL  string `json:"central_url"`
	CentralRoot string `json:"central_root"`
	TLSPin      string `json:"tls_pin"`
	SiteID      string `json:"site_id"`
}

// CreateCode makes a single-use code and returns the provisioning string, which
// is shown once and not kept. valid 0 means 30 days.
func (s *Service) CreateCode(ctx context.Context, id store.SiteID, valid time.Duration) (text string, expires time.Time, err error) {
	if valid == 0 {
		valid = codeLifetime
	}
	if valid < 0 || valid > maxCodeLifetime {
		return "", time.Time{}, fmt.Errorf("%w: a code is valid for at most a year", ErrClaim)
	}
	if _, err := s.store.Site(ctx, id); err != nil {
		return "", time.Time{}, fmt.Errorf("reading site %s: %w", id, err)
	}
	var raw [codeDigits / 2]byte
	rand.Read(raw[:])
	code := strings.ToUpper(hex.EncodeToString(raw[:]))
	now := time.Now()
	expires = now.Add(valid)
	row := store.Code{Hash: codeHash(code), SiteID: id, CreatedMs: now.UnixMilli(), ExpiresMs: expires.UnixMilli()}
	if err := s.store.AddCode(ctx, row); err != nil {
		return "", time.Time{}, fmt.Errorf("keeping provisioning code: %w", err)
	}
	pin := s.keys.TLS.Pin()
	body, err := json.Marshal(provisioning{
		Code: code, CentralURL: s.cfg.PublicURL, CentralRoot: s.keys.Root.String(),
		TLSPin: hex.EncodeToString(pin[:]), SiteID: string(id),
	})
	return "osiris1." + base64.RawURLEncoding.EncodeToString(body), expires, err
}

func codeHash(code string) []byte {
	sum := sha256.Sum256([]byte("osiris provisioning code\x00" + code))
	return sum[:]
}

// validCode reports whether code has the shape of one.
func validCode(code string) bool {
	return len(code) == codeDigits && strings.Trim(code, "0123456789ABCDEF") == ""
}
