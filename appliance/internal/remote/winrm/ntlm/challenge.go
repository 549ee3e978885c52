package ntlm

import (
	"encoding/binary"
	"fmt"
)

// The flags of MS-NLMP 2.2.2.5 that this client knows.
const (
	flagUnicode    = 1 << 0
	flagTarget     = 1 << 2
	flagSign       = 1 << 4
	flagSeal       = 1 << 5
	flagNTLM       = 1 << 9
	flagAlwaysSign = 1 << 15
	flagExtended   = 1 << 19
	flagTargetInfo = 1 << 23
	flagVersion    = 1 << 25
	flag128        = 1 << 29
	flagExchange   = 1 << 30
	flag56         = 1 << 31

	requiredFlags = flagUnicode | flagSign | flagSeal | flagExtended | flagTargetInfo | flag128 | flagExchange
	wantedFlags   = requiredFlags | flagTarget | flagNTLM | flagAlwaysSign | flagVersion | flag56
)

const (
	signature     = "NTLMSSP\x00"
	version       = "\x0a\x00\x63\x45\x00\x00\x00\x0f" // Windows 10 1809, NTLM revision 15
	micOffset     = 72
	payloadOffset = 88
)

// The attribute ids of MS-NLMP 2.2.2.1.
const (
	avEnd       = 0
	avFlags     = 6
	avTimestamp = 7
	avTarget    = 9
	avBindings  = 10

	avFlagMIC = 2
)

// maxPairs is more than any Windows sends; a challenge is hostile bytes.
const maxPairs = 64

// attribute is one pair of the target's information.
type attribute struct {
	id    uint16
	value []byte
}

// challenge is the second message.
type challenge struct {
	flags uint32
	nonce []byte
	pairs []attribute
}

func parseChallenge(b []byte) (challenge, error) {
	var ch challenge
	if len(b) < 48 || len(b) > 1<<14 || string(b[:8]) != signature || binary.LittleEndian.Uint32(b[8:]) != 2 {
		return ch, fmt.Errorf("%w: %d bytes", ErrChallenge, len(b))
	}
	ch.flags = binary.LittleEndian.Uint32(b[20:])
	ch.nonce = b[24:32]
	size, at := uint64(binary.LittleEndian.Uint16(b[40:])), uint64(binary.LittleEndian.Uint32(b[44:]))
	if at+size > uint64(len(b)) {
		return ch, fmt.Errorf("%w: target information beyond its end", ErrChallenge)
	}
	var err error
	ch.pairs, err = parsePairs(b[at : at+size])
	return ch, err
}

func parsePairs(b []byte) ([]attribute, error) {
	var pairs []attribute
	for len(b) >= 4 {
		id, size := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if id == avEnd {
			return pairs, nil
		}
		if size > len(b)-4 || len(pairs) == maxPairs {
			break
		}
		pairs = append(pairs, attribute{id, b[4 : 4+size]})
		b = b[4+size:]
	}
	if len(b) == 0 && pairs == nil {
		return nil, nil
	}
	return nil, fmt.Errorf("%w: target information without an end", ErrChallenge)
}

// timestamp is the server's clock, if it was sent.
func (c challenge) timestamp() ([]byte, bool) {
	for _, p := range c.pairs {
		if p.id == avTimestamp && len(p.value) == 8 {
			return p.value, true
		}
	}
	return nil, false
}

// targetInfo is what the server sent and what we add: that an integrity code
// follows, the bindings of the channel and the name we think we talk to.
func (c challenge) targetInfo(a Account) []byte {
	flags := uint32(avFlagMIC)
	var out []byte
	add := func(id uint16, value []byte) {
		out = binary.LittleEndian.AppendUint16(out, id)
		out = binary.LittleEndian.AppendUint16(out, uint16(len(value)))
		out = append(out, value...)
	}
	for _, p := range c.pairs {
		switch p.id {
		case avFlags:
			if len(p.value) == 4 {
				flags |= binary.LittleEndian.Uint32(p.value)
			}
		case avTarget, avBindings: // ours to say
		default:
			add(p.id, p.value)
		}
	}
	add(avFlags, binary.LittleEndian.AppendUint32(nil, flags))
	bindings := make([]byte, 16) // sixteen zeros say that there is no channel
	copy(bindings, a.Bindings)
	add(avBindings, bindings)
	add(avTarget, utf16le(a.Target))
	add(avEnd, nil)
	return out
}
