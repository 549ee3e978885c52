package probe

import (
	"encoding/binary"
	"net/netip"

	"github.com/osiriscare/osiris/shared/check"
)

var rdp = protocol{hello: helloRDP, whole: wholeTPKT, parse: parseRDP, unclear: "rdp"}

// helloRDP is an X.224 connection request that can TLS and not CredSSP: a server
// that requires Network Level Authentication refuses it (MS-RDPBCGR 2.2.1.1).
func helloRDP(netip.AddrPort) []byte {
	return []byte{
		3, 0, 0, 19, // TPKT: version, reserved, length
		14, 0xe0, 0, 0, 0, 0, 0, // X.224: length, connection request, no references, class 0
		1, 0, 8, 0, 1, 0, 0, 0, // RDP_NEG_REQ: flags, length, PROTOCOL_SSL
	}
}

func wholeTPKT(answer []byte) bool {
	return answer[0] != 3 || len(answer) >= 4 && len(answer) >= int(binary.BigEndian.Uint16(answer[2:]))
}

// Failures of the negotiation (MS-RDPBCGR 2.2.1.2.2).
const (
	sslNotAllowed  = 2
	sslNoCert      = 3
	hybridRequired = 5
	sslUserAuth    = 6
)

// parseRDP reads the connection confirm.
func parseRDP(answer []byte) (check.Facts, error) {
	if len(answer) < 11 || answer[0] != 3 || !wholeTPKT(answer) || answer[5] != 0xd0 {
		return nil, errForeign
	}
	f := check.Facts{{Name: "Protocol", Value: "rdp"}}
	if len(answer) < 19 { // a server from before there was anything to negotiate
		f.Add("NLA", "no")
		f.Add("Encryption", "none")
		return f, nil
	}
	value := binary.LittleEndian.Uint32(answer[15:])
	switch kind := answer[11]; {
	case kind == 2 && value <= 1: // RDP_NEG_RSP: plain RDP or TLS
		f.Add("NLA", "no")
	case kind == 3 && (value == hybridRequired || value == sslUserAuth):
		f.Add("NLA", "yes")
	case kind == 3 && (value == sslNotAllowed || value == sslNoCert):
		f.Add("NLA", "no")
		f.Add("Encryption", "none")
	default:
		f.Add("Unclear", "rdp")
	}
	return f, nil
}
