package grpcwire

import (
	"strconv"
	"strings"
	"time"
)

// Header is one pair of metadata. A name ending in "-bin" has any bytes as its
// value (base64 on the wire); other values are printable ASCII.
type Header struct{ Name, Value string }

func find(h []Header, name string) (string, bool) {
	for _, f := range h {
		if f.Name == name {
			return f.Value, true
		}
	}
	return "", false
}

func isBinary(name string) bool { return strings.HasSuffix(name, "-bin") }

// wire checks a pair of the caller's and returns it as it travels.
func (h Header) wire() (Header, error) {
	if !validName(h.Name) || strings.HasPrefix(h.Name, "grpc-") || hopByHop(h.Name) {
		return h, failed(Internal, "metadata name "+strconv.Quote(h.Name)+" is not allowed")
	}
	if isBinary(h.Name) {
		h.Value = encode64(h.Value)
		return h, nil
	}
	for i := range len(h.Value) {
		if h.Value[i] < ' ' || h.Value[i] > '~' {
			return h, failed(Internal, "metadata "+h.Name+" is not printable; name it -bin")
		}
	}
	return h, nil
}

// validName tells whether a field name is a lower-case token (RFC 9113, 8.2.1).
func validName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0 {
			continue
		}
		return false
	}
	return s != ""
}

// validValue tells whether a field value may stand in HTTP/2 (RFC 9113, 8.2.1).
func validValue(s string) bool { return !strings.ContainsAny(s, "\x00\r\n") }

// hopByHop names are malformed in HTTP/2 (RFC 9113, 8.2.2) or ours to set. A
// name is valid.
func hopByHop(name string) bool {
	return strings.Contains(" connection proxy-connection keep-alive transfer-encoding upgrade te content-type user-agent host ", " "+name+" ")
}

// timeoutHeader writes a duration in at most eight digits, rounded up.
func timeoutHeader(d time.Duration) string {
	const most = 99999999
	units := [...]struct {
		size time.Duration
		name string
	}{{time.Nanosecond, "n"}, {time.Microsecond, "u"}, {time.Millisecond, "m"}, {time.Second, "S"}, {time.Minute, "M"}}
	for _, u := range units {
		n := d / u.size
		if d%u.size > 0 {
			n++
		}
		if n <= most {
			return strconv.FormatInt(int64(n), 10) + u.name
		}
	}
	return strconv.Itoa(int(d/time.Hour)+1) + "H"
}
