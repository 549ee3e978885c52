package wsman

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"mime"
	"strconv"
	"strings"
)

// errSealed is a multipart/encrypted body that is not well formed.
var errSealed = errors.New("malformed sealed message")

// Protocols of sealed messages, [MS-WSMV] 2.2.9.1.
const (
	protocolSPNEGO   = "application/HTTP-SPNEGO-session-encrypted"
	protocolKerberos = "application/HTTP-Kerberos-session-encrypted"

	boundary    = "--Encrypted Boundary"
	contentSOAP = "application/soap+xml;charset=UTF-8"
	// maxHead is beyond the header of every mechanism.
	maxHead = 1024
)

// sealedType gives the protocol of a sealed message by its Content-Type.
func sealedType(contentType string) (protocol string, ok bool) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/encrypted" {
		return "", false
	}
	for _, known := range []string{protocolSPNEGO, protocolKerberos} {
		if strings.EqualFold(params["protocol"], known) && params["boundary"] == "Encrypted Boundary" {
			return known, true
		}
	}
	return "", false
}

// parseSealed takes the parts of a sealed message: size is that of the plain text.
func parseSealed(body []byte) (head, data []byte, size int, err error) {
	rest, ok := bytes.CutPrefix(body, []byte(boundary+"\r\n"))
	if !ok {
		return nil, nil, 0, fmt.Errorf("first boundary: %w", errSealed)
	}
	size = -1
	for {
		line, after, found := bytes.Cut(rest, []byte("\r\n"))
		if !found {
			return nil, nil, 0, fmt.Errorf("second boundary: %w", errSealed)
		}
		rest = after
		if string(line) == boundary {
			break
		}
		name, value, _ := strings.Cut(strings.TrimSpace(string(line)), ":")
		if !strings.EqualFold(name, "OriginalContent") {
			continue
		}
		for _, field := range strings.Split(value, ";") {
			if n, ok := strings.CutPrefix(strings.TrimSpace(field), "Length="); ok {
				if size, err = strconv.Atoi(n); err != nil {
					return nil, nil, 0, fmt.Errorf("length: %w", errSealed)
				}
			}
		}
	}
	line, rest, found := bytes.Cut(rest, []byte("\r\n"))
	if !found || !strings.EqualFold(strings.ReplaceAll(strings.TrimSpace(string(line)), " ", ""), "Content-Type:application/octet-stream") {
		return nil, nil, 0, fmt.Errorf("type of the second part: %w", errSealed)
	}
	rest, found = bytes.CutSuffix(rest, []byte(boundary+"--\r\n"))
	if !found || size < 0 || len(rest) < 4 {
		return nil, nil, 0, fmt.Errorf("last boundary: %w", errSealed)
	}
	n := binary.LittleEndian.Uint32(rest)
	if n > maxHead || int(n) > len(rest)-4 {
		return nil, nil, 0, fmt.Errorf("signature of %d bytes: %w", n, errSealed)
	}
	return rest[4 : 4+n], rest[4+n:], size, nil
}

// marshalSealed is the reverse.
func marshalSealed(protocol string, head, data []byte, size int) (contentType string, body []byte) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\r\n\tContent-Type: %s\r\n\tOriginalContent: type=%s;Length=%d\r\n%s\r\n\tContent-Type: application/octet-stream\r\n",
		boundary, protocol, contentSOAP, size, boundary)
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(head))))
	b.Write(head)
	b.Write(data)
	b.WriteString(boundary + "--\r\n")
	return fmt.Sprintf(`multipart/encrypted;protocol="%s";boundary="Encrypted Boundary"`, protocol), b.Bytes()
}
