package discover

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// SID is a security identifier, as S-1-5-21-1-2-3-1104.
type SID string

// maxAuthorities is MS-DTYP 2.4.2.2's.
const maxAuthorities = 15

// ParseSID reads an objectSid.
func ParseSID(b []byte) (SID, error) {
	if len(b) < 12 || b[0] != 1 || b[1] == 0 || b[1] > maxAuthorities || len(b) != 8+4*int(b[1]) {
		return "", fmt.Errorf("%w: a SID of %d bytes", ErrReply, len(b))
	}
	authority := uint64(binary.BigEndian.Uint16(b[2:]))<<32 | uint64(binary.BigEndian.Uint32(b[4:]))
	s := "S-1-" + strconv.FormatUint(authority, 10)
	for rest := b[8:]; len(rest) > 0; rest = rest[4:] {
		s += "-" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32(rest)), 10)
	}
	return SID(s), nil
}
