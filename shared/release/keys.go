package release

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/osiriscare/osiris/shared/signed"
)

// Keys are a role's public keys, of which Threshold must sign.
type Keys struct {
	Threshold int
	Public    []ed25519.PublicKey
}

// ParseRoots reads the keys that a program has compiled in: the threshold, a
// colon, and the raw public keys in hexadecimal with commas between them, such
// as 2:<64 digits>,<64 digits>,<64 digits>. Empty text is no keys at all, nil:
// such a build takes no updates.
func ParseRoots(text string) (*Keys, error) {
	if text == "" {
		return nil, nil
	}
	threshold, list, _ := strings.Cut(text, ":")
	k := &Keys{}
	if len(threshold) == 1 {
		k.Threshold = int(threshold[0]) - '0'
	}
	for _, digits := range strings.Split(list, ",") {
		key, err := hex.DecodeString(digits)
		if err != nil {
			return nil, errors.New("reading release roots: a key is not hexadecimal")
		}
		k.Public = append(k.Public, key)
	}
	if !k.valid() {
		return nil, errors.New("reading release roots: want THRESHOLD:KEY,KEY,... with different keys of 64 hexadecimal digits, at least as many as the threshold")
	}
	return k, nil
}

// valid tells whether the threshold can be met and no key counts twice.
func (k *Keys) valid() bool {
	if k == nil || k.Threshold < 1 || k.Threshold > len(k.Public) || len(k.Public) > maxKeys {
		return false
	}
	for i, key := range k.Public {
		if signed.ValidKey(key) != nil {
			return false
		}
		for _, other := range k.Public[:i] {
			if string(other) == string(key) {
				return false
			}
		}
	}
	return true
}

// verify counts the keys that signed payload.
func (k *Keys) verify(payload []byte, signatures []*File) error {
	if k == nil {
		return ErrUnsigned
	}
	count := 0
	for _, key := range k.Public {
		id := signed.IDOf(key)
		for _, s := range signatures {
			if s.Path == string(id[:]) && signed.Verify(Context, key, payload, s.signature) == nil {
				count++
				break // a key counts once
			}
		}
	}
	if count < k.Threshold {
		return ErrUnsigned
	}
	return nil
}
