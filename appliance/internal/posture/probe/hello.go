package probe

import (
	"encoding/binary"
	"errors"
)

// crypto/tls cannot offer SSL 3.0, and would end a handshake in TLS 1.0. These are
// the first messages of both sides by hand.

// errRefusal is an alert: the server does not want the version.
var errRefusal = errors.New("the server refused")

// suites are those that servers of the time of the old versions have.
var suites = [...]uint16{
	0xc009, 0xc00a, 0xc013, 0xc014, 0xc007, 0xc011, 0xc008, 0xc012, // ECDHE
	0x0033, 0x0039, 0x0016, 0x0032, 0x0038, 0x0013, // DHE
	0x002f, 0x0035, 0x000a, 0x0005, 0x0004, 0x0009, // RSA
	0x00ff, // renegotiation is secure (RFC 5746)
}

// clientHello offers a version and none above it.
func clientHello(version uint16) []byte {
	body := binary.BigEndian.AppendUint16(nil, version)
	body = append(body, "osiris asks which versions there"[:32]...) // the random: nothing follows
	body = append(body, 0)                                          // no session
	body = binary.BigEndian.AppendUint16(body, 2*uint16(len(suites)))
	for _, suite := range suites {
		body = binary.BigEndian.AppendUint16(body, suite)
	}
	body = append(body, 1, 0) // no compression
	if version > 0x0300 {     // extensions came with TLS 1.0: curves, and points as they are
		extensions := []byte{0, 10, 0, 8, 0, 6, 0, 23, 0, 24, 0, 25, 0, 11, 0, 2, 1, 0}
		body = binary.BigEndian.AppendUint16(body, uint16(len(extensions))) //nolint:gosec // eighteen
		body = append(body, extensions...)
	}
	const handshake, hello = 22, 1
	out := []byte{handshake, byte(version >> 8), byte(version), 0, 0, hello, 0, 0, 0}
	binary.BigEndian.PutUint16(out[3:], uint16(4+len(body))) //nolint:gosec // below 200
	binary.BigEndian.PutUint16(out[7:], uint16(len(body)))   //nolint:gosec // below 200
	return append(out, body...)
}

// wholeHello tells that the first record has come.
func wholeHello(answer []byte) bool {
	return len(answer) >= 5 && (answer[1] != 3 || len(answer) >= 5+int(binary.BigEndian.Uint16(answer[3:])))
}

// parseServerHello reads which version the server chose.
func parseServerHello(answer []byte) (version uint16, err error) {
	const alert, handshake, hello = 21, 22, 2
	if len(answer) < 7 || answer[1] != 3 {
		return 0, errForeign
	}
	switch {
	case answer[0] == alert:
		return 0, errRefusal
	case answer[0] != handshake || len(answer) < 11 || answer[5] != hello:
		return 0, errForeign
	}
	if version = binary.BigEndian.Uint16(answer[9:]); version>>8 != 3 {
		return 0, errForeign
	}
	return version, nil
}
