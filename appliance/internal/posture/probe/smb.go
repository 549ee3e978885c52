package probe

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"github.com/osiriscare/osiris/shared/check"
)

// A server without SMB 1 may end the connection at once. So does one that does not
// want us, whose SMB 1 somebody else may use: only who then answers to SMB 2 has none.
var (
	smb  = protocol{hello: helloSMB, whole: wholeSMB, parse: parseSMB, unclear: "smb", again: &smb2}
	smb2 = protocol{hello: helloSMB2, whole: wholeSMB, parse: parseSMB, unclear: "smb"}
)

// helloSMB2 is SMB 2's negotiate with its dialects 2.0.2 and 2.1 (MS-SMB2 2.2.3).
func helloSMB2(netip.AddrPort) []byte {
	message := make([]byte, 64+36, 64+36+4)
	copy(message, "\xfeSMB\x40") // and the header's size
	message[14] = 1              // credits
	message[64] = 36             // the request's size
	message[66] = 2              // dialects
	message[68] = 1              // signing is possible
	message = append(message, 0x02, 0x02, 0x10, 0x02)
	return append([]byte{0, 0, 0, byte(len(message))}, message...)
}

// helloSMB is SMB 1's negotiate with its last dialect alone. A server that has
// SMB 1 chooses it; one that has not refuses to choose, or ends the connection.
// The dialects of SMB 2 are left out, because a server with both takes those.
func helloSMB(netip.AddrPort) []byte {
	dialect := append([]byte{2}, "NT LM 0.12\x00"...)
	message := make([]byte, 32, 64)
	copy(message, "\xffSMB\x72")                                              // negotiate
	message[9] = 0x18                                                         // canonical, case-insensitive paths
	binary.LittleEndian.PutUint16(message[10:], 0xc801)                       // Unicode, NT status, long names
	message = append(message, 0)                                              // no words
	message = binary.LittleEndian.AppendUint16(message, uint16(len(dialect))) //nolint:gosec // twelve
	message = append(message, dialect...)
	return append([]byte{0, 0, 0, byte(len(message))}, message...)
}

func wholeSMB(answer []byte) bool {
	return answer[0] != 0 || len(answer) >= 4 && len(answer) >= 4+int(answer[1])<<16+int(answer[2])<<8+int(answer[3])
}

// parseSMB reads the answer to negotiate.
func parseSMB(answer []byte) (check.Facts, error) {
	f := check.Facts{{Name: "Protocol", Value: "smb"}}
	if len(answer) < 4+4 || answer[0] != 0 {
		return nil, errForeign
	}
	message := answer[4:]
	switch {
	case bytes.HasPrefix(message, []byte("\xfeSMB")):
		f.Add("SMB1", "no")
	case bytes.HasPrefix(message, []byte("\xffSMB")) && len(message) >= 35 && message[4] == 0x72:
		refused := binary.LittleEndian.Uint32(message[5:]) != 0 || message[32] == 0 || binary.LittleEndian.Uint16(message[33:]) == 0xffff
		f.Add("SMB1", yes(!refused))
	default:
		return nil, errForeign
	}
	return f, nil
}
