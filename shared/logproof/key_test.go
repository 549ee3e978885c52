package logproof_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/signed"
)

func TestAVKeyOfAWeakKeyIsRefused(t *testing.T) {
	identity := append([]byte{1}, make([]byte, 31)...)
	beyond := append(append([]byte{0xef}, bytes.Repeat([]byte{0xff}, 30)...), 0x7f)
	for name, pub := range map[string][]byte{"of order 1": identity, "of order 4": make([]byte, 32), "of y beyond the field": beyond} {
		if _, err := logproof.LogVerifier(logproof.LogVKey(origin, pub)); !errors.Is(err, signed.ErrWeakKey) || !errors.Is(err, logproof.ErrMalformed) {
			t.Errorf("%s: LogVerifier = %v; want ErrWeakKey", name, err)
		}
		if _, err := logproof.WitnessVerifier(logproof.WitnessVKey("osiris.care/witness/0011", pub)); !errors.Is(err, signed.ErrWeakKey) {
			t.Errorf("%s: WitnessVerifier = %v; want ErrWeakKey", name, err)
		}
	}
}
