package credential

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/signed"
)

// context is what a command key signs a sealing key in (DESIGN D13).
const context signed.Context = "osiris/sealing/v1"

// KeyID is the SHA-256 of a raw sealing key.
func KeyID(key []byte) [sha256.Size]byte { return sha256.Sum256(key) }

// Fingerprint is KeyID in hexadecimal, for people to compare.
func Fingerprint(key []byte) string {
	id := KeyID(key)
	return hex.EncodeToString(id[:])
}

// Sign states that a sealing key is the appliance's.
func (k *Key) Sign(command *signed.Key, siteID, applianceID string) (*trustv1.SignedEnvelope, error) {
	payload, err := proto.Marshal(&centralv1.SealingKey{SiteId: siteID, ApplianceId: applianceID, Key: k.Public()})
	if err != nil {
		return nil, fmt.Errorf("writing sealing key: %w", err)
	}
	e := command.Seal(context, payload)
	return &trustv1.SignedEnvelope{Payload: e.Payload, KeyId: e.KeyID[:], Signature: e.Signature}, nil
}

// OpenKey gives the raw sealing key of a statement that an appliance's command
// key signed, or ErrKey.
func OpenKey(e *trustv1.SignedEnvelope, command ed25519.PublicKey, siteID, applianceID string) ([]byte, error) {
	envelope, err := signed.FromWire(e)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	payload, err := envelope.Open(context, command)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	m := &centralv1.SealingKey{}
	if err := proto.Unmarshal(payload, m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if m.GetSiteId() != siteID || m.GetApplianceId() != applianceID {
		return nil, fmt.Errorf("%w: it is of %s at %s", ErrKey, m.GetApplianceId(), m.GetSiteId())
	}
	if _, err := hpke.DHKEM(ecdh.X25519()).NewPublicKey(m.GetKey()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return bytes.Clone(m.GetKey()), nil
}
