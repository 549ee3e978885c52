package winapi

import (
	"encoding/binary"
	"strconv"
)

// sidText writes a SID as Windows prints it: revision, count of numbers, six bytes
// of authority, of which Windows uses four, the numbers. It is empty for what is
// none.
func sidText(b []byte) string {
	if len(b) < 8 || b[0] != 1 || b[1] > 15 || b[2]|b[3] != 0 || len(b) != 8+4*int(b[1]) {
		return ""
	}
	text := "S-1-" + strconv.FormatUint(uint64(binary.BigEndian.Uint32(b[4:])), 10)
	for b = b[8:]; len(b) != 0; b = b[4:] {
		text += "-" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32(b)), 10)
	}
	return text
}
