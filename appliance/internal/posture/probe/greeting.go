package probe

import (
	"bytes"
	"strings"

	"github.com/osiriscare/osiris/shared/check"
)

// Services that speak first. Whatever the port, what they say names them.
var (
	unnamed = protocol{parse: func(said []byte) (check.Facts, error) { return greeting(said), nil }}
	ssh     = protocol{parse: parseSSH, unclear: "ssh"}
	telnet  = protocol{parse: parseTelnet, unclear: "telnet"}
	ftp     = protocol{parse: parseFTP, whole: endsLine, reply: askFTP, unclear: "ftp"}
	mysql   = protocol{parse: parseMySQL, unclear: "database"}
	vnc     = protocol{parse: parseVNC, reply: answerVNC, unclear: "vnc"}
)

// greeting names a service by what it said first; nil when it does not tell.
func greeting(said []byte) check.Facts {
	for _, parse := range []func([]byte) (check.Facts, error){parseSSH, parseVNC, parseMySQL, parseTelnet} {
		if facts, err := parse(said); err == nil {
			return facts
		}
	}
	return nil
}

func endsLine(said []byte) bool { return bytes.HasSuffix(said, []byte("\n")) }

// parseSSH reads "SSH-2.0-..." (RFC 4253, 4.2). 1.99 offers both versions; a
// server of today says so only when version 1 is on.
func parseSSH(said []byte) (check.Facts, error) {
	rest, ok := bytes.CutPrefix(said, []byte("SSH-"))
	if !ok || len(rest) < 3 {
		return nil, errForeign
	}
	f := check.Facts{{Name: "Protocol", Value: "ssh"}}
	switch {
	case bytes.HasPrefix(rest, []byte("1.")):
		f.Add("Version", "1")
	case bytes.HasPrefix(rest, []byte("2.")):
		f.Add("Version", "2")
	}
	return f, nil
}

// parseTelnet knows the negotiation that servers begin with (RFC 854): IAC and
// WILL, WONT, DO or DONT; or, without it, the question for a name.
func parseTelnet(said []byte) (check.Facts, error) {
	is := len(said) >= 3 && said[0] == 0xff && said[1] >= 0xfb && said[1] <= 0xfe
	if !is {
		text := strings.ToLower(string(bytes.TrimRight(said, " \r\n\t\x00")))
		is = strings.HasSuffix(text, "login:") || strings.HasSuffix(text, "username:") || strings.HasSuffix(text, "password:")
	}
	if !is {
		return nil, errForeign
	}
	return check.Facts{{Name: "Protocol", Value: "telnet"}}, nil
}

// askFTP asks a server that said it is ready whether it can TLS (RFC 4217).
func askFTP(said []byte) []byte {
	if !bytes.HasPrefix(said, []byte("220")) {
		return nil
	}
	return []byte("AUTH TLS\r\n")
}

// parseFTP reads the greeting and, after it, the answer to AUTH TLS.
func parseFTP(said []byte) (check.Facts, error) {
	if len(said) < 4 || !bytes.HasPrefix(said, []byte("220")) || said[3] != ' ' && said[3] != '-' {
		if bytes.HasPrefix(said, []byte("421 ")) || bytes.HasPrefix(said, []byte("530 ")) {
			return check.Facts{{Name: "Protocol", Value: "ftp"}, {Name: "Unclear", Value: "ftp"}}, nil
		}
		return nil, errForeign
	}
	f := check.Facts{{Name: "Protocol", Value: "ftp"}}
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	last := lines[len(lines)-1]
	switch {
	case strings.HasPrefix(last, "234"), strings.HasPrefix(last, "334"):
		f.Add("Encryption", "offered")
	case len(lines) > 1 && len(last) >= 3 && last[0] >= '4' && last[0] <= '5':
		f.Add("Encryption", "none")
	default:
		f.Add("Unclear", "ftp")
	}
	return f, nil
}

// parseMySQL reads the first packet of a server (protocol 10), or its refusal of
// this host, which is the same protocol.
func parseMySQL(said []byte) (check.Facts, error) {
	if len(said) < 5 || said[3] != 0 {
		return nil, errForeign
	}
	length := int(said[0]) | int(said[1])<<8 | int(said[2])<<16
	body := said[4:]
	if length < 3 || length > maxGreeting || len(body) < length {
		return nil, errForeign
	}
	body = body[:length]
	f := check.Facts{{Name: "Protocol", Value: "mysql"}}
	if body[0] == 0xff {
		if code := int(body[1]) | int(body[2])<<8; code < 1000 || code >= 5000 {
			return nil, errForeign
		}
		return f, nil
	}
	version, rest, ok := bytes.Cut(body[1:], []byte{0})
	const capabilities = 4 + 8 + 1 // thread id, half of the salt, a zero
	if body[0] != 10 || !ok || len(version) == 0 || len(rest) < capabilities+2 {
		return nil, errForeign
	}
	const clientSSL = 0x0800
	flags := int(rest[capabilities]) | int(rest[capabilities+1])<<8
	if flags&clientSSL != 0 {
		f.Add("Encryption", "offered")
	} else {
		f.Add("Encryption", "none")
	}
	return f, nil
}
