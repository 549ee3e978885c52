package kerberos

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/types"
)

// acceptorWraps is what the service sends in the clear.
func acceptorWraps(t testing.TB, c *Context, sequence uint64, plain string, rotation int) []byte {
	t.Helper()
	et, err := crypto.GetEtype(c.key.KeyType)
	if err != nil {
		t.Fatal(err)
	}
	h := c.head(0x0504, fromAcceptor, 0, sequence)
	sum, err := et.GetChecksumHash(c.key.KeyValue, slices.Concat([]byte(plain), h), usageAcceptorSeal)
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint16(h[4:], uint16(len(sum)))
	binary.BigEndian.PutUint16(h[6:], uint16(rotation))
	body := slices.Concat([]byte(plain), sum)
	cut := len(body) - rotation%len(body)
	return slices.Concat(h, body[cut:], body[:cut])
}

func TestWrappedTokensAreReadHoweverTheyAreRotated(t *testing.T) {
	for _, rotation := range []int{0, 12, 16, 5000} {
		c := ready(etypeID.AES256_CTS_HMAC_SHA1_96, 32)
		for i, text := range []string{"\x07\x00\xff\xff", "", "a longer one"} {
			got, err := c.Unwrap(acceptorWraps(t, c, uint64(1000+i), text, rotation))
			if err != nil || string(got) != text {
				t.Errorf("rotated by %d: Unwrap = %q, %v; want %q", rotation, got, err, text)
			}
		}
	}
}

func TestAnAlteredOrRepeatedWrappedTokenIsRefused(t *testing.T) {
	c := ready(etypeID.AES256_CTS_HMAC_SHA1_96, 32)
	good := acceptorWraps(t, c, 1000, "\x01\x00\x00\x00\x00", 12) // rotations are modulo 17
	for at := range good {
		bad := slices.Clone(good)
		bad[at] ^= 1
		if got, err := ready(etypeID.AES256_CTS_HMAC_SHA1_96, 32).Unwrap(bad); !errors.Is(err, ErrSeal) {
			t.Errorf("Unwrap with byte %d altered = %q, %v; want %v", at, got, err, ErrSeal)
		}
	}
	for n := range len(good) {
		if _, err := ready(etypeID.AES256_CTS_HMAC_SHA1_96, 32).Unwrap(good[:n]); !errors.Is(err, ErrSeal) {
			t.Errorf("Unwrap of %d bytes = %v; want %v", n, err, ErrSeal)
		}
	}
	if _, err := c.Unwrap(good); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Unwrap(good); !errors.Is(err, ErrSeal) {
		t.Errorf("Unwrap again = %v; want %v", err, ErrSeal)
	}
	c.ready = false
	if _, err := c.Wrap(nil); !errors.Is(err, ErrSeal) {
		t.Errorf("Wrap before the proof = %v; want %v", err, ErrSeal)
	}
}

func TestAReplyMayAskForNeitherFewNorManyRounds(t *testing.T) {
	for _, c := range []struct {
		rounds uint32
		ok     bool
	}{{0, false}, {1, false}, {4095, false}, {4096, true}, {1 << 17, true}, {1<<17 + 1, false}, {1<<32 - 1, false}} {
		_, err := derive(alice, types.ETypeInfo2Entry{
			EType: etypeID.AES256_CTS_HMAC_SHA1_96, Salt: "x", S2KParams: binary.BigEndian.AppendUint32(nil, c.rounds),
		})
		if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrReply) {
			t.Errorf("derive with %d rounds = %v; want a key: %t", c.rounds, err, c.ok)
		}
	}
}

func FuzzUnwrap(f *testing.F) {
	c := ready(etypeID.AES256_CTS_HMAC_SHA1_96, 32)
	good := acceptorWraps(f, c, 1000, "\x01\x00\x00\x00", 12)
	f.Add(good)
	f.Add(good[:headerSize])
	f.Add(good[:len(good)-1])
	f.Fuzz(func(t *testing.T, token []byte) {
		plain, err := ready(etypeID.AES256_CTS_HMAC_SHA1_96, 32).Unwrap(token)
		// Nobody without the key makes another one that is taken.
		if err == nil && string(plain) != "\x01\x00\x00\x00" {
			t.Errorf("Unwrap(%x) = %x", token, plain)
		}
		if err != nil && !errors.Is(err, ErrSeal) {
			t.Errorf("Unwrap(%x) = %v; want %v", token, err, ErrSeal)
		}
	})
}
