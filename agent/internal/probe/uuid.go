package probe

import (
	"encoding/hex"
	"strings"
)

// placeholder is the UUID that boards have whose maker never set one. So are those
// of one digit, which systems print for "not present" and "not set" (SMBIOS 3.7,
// 7.2.1).
const placeholder = "03000200-0400-0500-0006-000700080009"

// uuid gives a UUID in lower case, without the braces that Windows may put round
// it. It is empty for what is none, or what many machines have.
func uuid(text string) string {
	text = strings.ToLower(strings.Trim(text, "{} \n"))
	if len(text) != len(placeholder) || text == placeholder {
		return ""
	}
	same := true
	for i := range len(text) {
		c := text[i]
		if placeholder[i] == '-' {
			if c != '-' {
				return ""
			}
			continue
		}
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return ""
		}
		same = same && c == text[0]
	}
	if same {
		return ""
	}
	return text
}

// uuidText writes the 16 bytes of a UUID in their order.
func uuidText(id *[16]byte) string {
	text := hex.EncodeToString(id[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
