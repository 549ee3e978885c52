package ntlm

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/binary"
	"time"
	"unicode"
	"unicode/utf16"

	"golang.org/x/crypto/md4" //nolint:staticcheck // NTLM is made of it (MS-NLMP 3.3.2)
)

// responseKey is NTOWFv2 (MS-NLMP 3.3.2).
func responseKey(a Account) []byte {
	h := md4.New()
	h.Write(utf16le(a.Password))
	name := []rune(a.User)
	for i, r := range name {
		name[i] = unicode.ToUpper(r)
	}
	return keyed(h.Sum(nil), utf16le(string(name)+a.Domain))
}

// ntResponse is NTLMv2's answer and the session's base key.
func ntResponse(owf, server, client, when, info []byte) (response, base []byte) {
	temp := make([]byte, 0, 32+len(info))
	temp = append(temp, 1, 1, 0, 0, 0, 0, 0, 0)
	temp = append(temp, when...)
	temp = append(temp, client...)
	temp = append(temp, 0, 0, 0, 0)
	temp = append(temp, info...)
	temp = append(temp, 0, 0, 0, 0)
	proof := keyed(owf, server, temp)
	return append(proof, temp...), keyed(owf, proof)
}

// lmResponse is LMv2, or 24 zeros when the server told its time: it then has
// the integrity code (MS-NLMP 3.1.5.1.2).
func lmResponse(owf, server, client []byte, stamped bool) []byte {
	if stamped {
		return make([]byte, 24)
	}
	return append(keyed(owf, server, client), client...)
}

func keyed(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(md5.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

func utf16le(s string) []byte {
	units := utf16.Encode([]rune(s))
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// fileTime counts 100 ns since 1601.
func fileTime(t time.Time) []byte {
	const unixEpoch = 116444736000000000
	return binary.LittleEndian.AppendUint64(nil, uint64(t.UnixNano()/100+unixEpoch))
}
