package discover

import (
	"encoding/binary"
	"fmt"
)

// GUID is an object's identity as Windows prints it, in lower case with dashes
// and without braces.
type GUID string

// ParseGUID reads the 16 bytes of an attribute: the first three fields are
// little-endian (MS-DTYP 2.3.4.2).
func ParseGUID(b []byte) (GUID, error) {
	if len(b) != 16 {
		return "", fmt.Errorf("%w: a GUID of %d bytes", ErrReply, len(b))
	}
	g := GUID(fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint16(b[4:]),
		binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:]))
	if g == "00000000-0000-0000-0000-000000000000" {
		return "", fmt.Errorf("%w: a GUID of zeros", ErrReply)
	}
	return g, nil
}
