package ntlm

import (
	"encoding/binary"
	"fmt"
)

// Ids of AV_PAIR, [MS-NLMP] 2.2.2.1.
const (
	avEOL             = 0
	avNbComputer      = 1
	avNbDomain        = 2
	avDNSComputer     = 3
	avDNSDomain       = 4
	avFlags           = 6
	avTimestamp       = 7
	avTargetName      = 9
	avChannelBindings = 10

	avFlagMIC = 0x2
)

type avPair struct {
	id    uint16
	value []byte
}

type avPairs []avPair

func (p avPairs) get(id uint16) []byte {
	for _, v := range p {
		if v.id == id {
			return v.value
		}
	}
	return nil
}

func (p avPairs) marshal() []byte {
	var b []byte
	for _, v := range p {
		b = binary.LittleEndian.AppendUint16(b, v.id)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(v.value)))
		b = append(b, v.value...)
	}
	return append(b, 0, 0, 0, 0)
}

// parseAVPairs reads up to the end mark; what follows it is the caller's.
func parseAVPairs(b []byte) (avPairs, error) {
	var pairs avPairs
	for {
		if len(b) < 4 {
			return nil, fmt.Errorf("AV pairs without an end: %w", ErrMessage)
		}
		id, n := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		b = b[4:]
		if id == avEOL {
			return pairs, nil
		}
		if n > len(b) {
			return nil, fmt.Errorf("AV pair %d out of bounds: %w", id, ErrMessage)
		}
		pairs = append(pairs, avPair{id, b[:n]})
		b = b[n:]
	}
}
