package probe

import (
	"bytes"

	"github.com/osiriscare/osiris/shared/check"
)

// vncVersion is the length of "RFB 003.008\n".
const vncVersion = 12

// answerVNC agrees to the server's version, or to the newest there is of ours;
// then the server lists its kinds of security (RFC 6143, 7.1).
func answerVNC(said []byte) []byte {
	if len(said) != vncVersion || !isVNC(said) {
		return nil
	}
	switch string(said[:11]) {
	case "RFB 003.003", "RFB 003.005", "RFB 003.006":
		return []byte("RFB 003.003\n")
	case "RFB 003.007":
		return []byte("RFB 003.007\n")
	}
	return []byte("RFB 003.008\n")
}

func isVNC(said []byte) bool {
	return len(said) >= vncVersion && bytes.HasPrefix(said, []byte("RFB 00")) && said[7] == '.' && said[11] == '\n'
}

// parseVNC reads the version and the list of kinds of security after it; kind 1
// asks nobody for anything.
func parseVNC(said []byte) (check.Facts, error) {
	if !isVNC(said) {
		return nil, errForeign
	}
	f := check.Facts{{Name: "Protocol", Value: "vnc"}}
	old := bytes.Equal(answerVNC(said[:vncVersion]), []byte("RFB 003.003\n"))
	list := said[vncVersion:]
	switch {
	case old && len(list) >= 4: // the server decides: a number of four bytes
		if kind := list[3]; list[0]|list[1]|list[2] == 0 && kind > 0 {
			f.Add("Open", yes(kind == 1))
		}
	case !old && len(list) > 1 && list[0] > 0 && len(list) > int(list[0]):
		f.Add("Open", yes(bytes.IndexByte(list[1:1+int(list[0])], 1) >= 0))
	}
	return f, nil
}
