package grpcwire

import "strings"

// alphabet is base64's (RFC 4648, section 4). Package encoding/base64 adds 13 KB
// for its many encodings.
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// encode64 encodes without padding.
func encode64(s string) string {
	var out []byte
	bits, n := uint32(0), 0
	for i := range len(s) {
		bits = bits<<8 | uint32(s[i])
		for n += 8; n >= 6; {
			n -= 6
			out = append(out, alphabet[bits>>n&63])
		}
	}
	if n > 0 {
		out = append(out, alphabet[bits<<(6-n)&63])
	}
	return string(out)
}

// decode64 decodes what has no padding. Bits after the last byte do not count.
func decode64(s string) (string, bool) {
	var out []byte
	bits, n := uint32(0), 0
	for i := range len(s) {
		v := strings.IndexByte(alphabet, s[i])
		if v < 0 {
			return "", false
		}
		bits = bits<<6 | uint32(v)
		if n += 6; n >= 8 {
			n -= 8
			out = append(out, byte(bits>>n))
		}
	}
	return string(out), n < 6 // six bits alone are no byte
}
