package ntlm

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"strings"
	"time"

	"golang.org/x/crypto/md4" //nolint:staticcheck // NTLM is MD4, whatever is said of it
)

// NTHash is the NT one-way function of a password.
func NTHash(password string) (hash [16]byte) {
	h := md4.New()
	h.Write(utf16LE(password))
	copy(hash[:], h.Sum(nil))
	return hash
}

func ntowfv2(hash [16]byte, user, domain string) []byte {
	return hmacMD5(hash[:], utf16LE(strings.ToUpper(user)), utf16LE(domain))
}

func hmacMD5(key []byte, parts ...[]byte) []byte {
	h := hmac.New(md5.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func rc4Once(key, data []byte) []byte {
	out := make([]byte, len(data))
	newRC4(key).XORKeyStream(out, data)
	return out
}

// newRC4 takes keys of this package, which are 5 to 16 bytes.
func newRC4(key []byte) *rc4.Cipher {
	c, err := rc4.NewCipher(key)
	if err != nil {
		// Only an empty key or one beyond 256 bytes comes here.
		c, _ = rc4.NewCipher(make([]byte, 16))
	}
	return c
}

// epoch is the number of seconds from 1601 to 1970.
const epoch = 11644473600

func fileTime(t time.Time) uint64 {
	return uint64(t.Unix()+epoch)*1e7 + uint64(t.Nanosecond()/100)
}

// EndpointBindings is what a client binds to a TLS channel: the MD5 of a
// gss_channel_bindings_struct that holds tls-server-end-point (RFC 5929) and
// the hash of the server's certificate.
func EndpointBindings(certificateHash []byte) []byte {
	data := append([]byte("tls-server-end-point:"), certificateHash...)
	b := make([]byte, 16, 20+len(data))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	b = append(b, data...)
	sum := md5.Sum(b)
	return sum[:]
}
