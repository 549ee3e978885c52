package rmm

import (
	"crypto/ed25519"
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/signed"
)

// Bounds of a list; the agent refuses what is beyond them (package signature).
const (
	MaxBytes    = 128 << 10
	maxProducts = 256
	maxPatterns = 64
	maxText     = 200
	maxWild     = 2
)

// Seal signs a list as it leaves for appliances.
func Seal(key *signed.Key, list *trustv1.SignatureList) (*trustv1.SignedEnvelope, error) {
	if err := Validate(list); err != nil {
		return nil, fmt.Errorf("sealing signature list: %w", err)
	}
	payload, err := proto.MarshalOptions{Deterministic: true}.Marshal(list)
	if err != nil {
		return nil, fmt.Errorf("sealing signature list: %w", err)
	}
	e := key.Seal(signed.RMM, payload)
	return &trustv1.SignedEnvelope{Payload: e.Payload, KeyId: e.KeyID[:], Signature: e.Signature}, nil
}

// Open verifies an envelope by the one of keys that it names and gives its list.
// It does not look at the clock.
func Open(w *trustv1.SignedEnvelope, keys []ed25519.PublicKey) (*trustv1.SignatureList, error) {
	e, err := signed.FromWire(w)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if signed.IDOf(key) != e.KeyID {
			continue
		}
		payload, err := e.Open(signed.RMM, key)
		if err != nil {
			return nil, err
		}
		list := &trustv1.SignatureList{}
		if err := proto.Unmarshal(payload, list); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		return list, Validate(list)
	}
	return nil, signed.ErrKey
}

// Validate holds a list to the agent's bounds.
func Validate(list *trustv1.SignatureList) error {
	if list.GetVersion() == 0 || len(list.GetProducts()) > maxProducts || proto.Size(list) > MaxBytes {
		return fmt.Errorf("%w: it needs a version and at most %d products in %d bytes", ErrInvalid, maxProducts, MaxBytes)
	}
	for _, p := range list.GetProducts() {
		texts := append([]string{p.GetId(), p.GetName()}, p.GetBundledBy()...)
		for _, m := range []*trustv1.ProductMarks{p.GetWindows(), p.GetDarwin(), p.GetLinux()} {
			for _, kind := range [][]string{m.GetServices(), m.GetTitles(), m.GetProcesses(), m.GetPaths(), m.GetPackages(), m.GetKeys()} {
				if len(kind) > maxPatterns {
					return fmt.Errorf("%w: %s has more than %d patterns of a kind", ErrInvalid, p.GetId(), maxPatterns)
				}
				texts = append(texts, kind...)
			}
		}
		for _, text := range texts {
			if text == "" || len(text) > maxText || !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\r\n") || len(wildcard.FindAllString(text, -1)) > maxWild {
				return fmt.Errorf("%w: %s has %q", ErrInvalid, p.GetId(), text)
			}
		}
	}
	return nil
}
