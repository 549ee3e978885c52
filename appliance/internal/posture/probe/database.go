package probe

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"github.com/osiriscare/osiris/shared/check"
)

// Databases that wait for a first message. Each gets the one that any client sends
// before it signs in.
var (
	mssql      = protocol{hello: helloMSSQL, whole: wholeMSSQL, parse: parseMSSQL, unclear: "database"}
	postgresql = protocol{hello: helloPostgreSQL, parse: parsePostgreSQL, unclear: "database"}
	mongodb    = protocol{hello: helloMongoDB, whole: wholeMongoDB, parse: parseMongoDB, unclear: "database"}
	redis      = protocol{hello: helloRedis, whole: endsLine, parse: parseRedis, unclear: "database"}
	memcached  = protocol{hello: helloMemcached, whole: endsLine, parse: parseMemcached, unclear: "database"}
)

// helloMSSQL is PRELOGIN with a version and the wish not to encrypt (MS-TDS
// 2.2.6.5): offsets count from the first option.
func helloMSSQL(netip.AddrPort) []byte {
	return []byte{
		0x12, 1, 0, 26, 0, 0, 0, 0, // PRELOGIN, the last packet, its length
		0, 0, 11, 0, 6, // VERSION at 11, 6 bytes
		1, 0, 17, 0, 1, // ENCRYPTION at 17, 1 byte
		0xff,
		0, 0, 0, 0, 0, 0,
		0, // encryption is possible and not wanted
	}
}

func wholeMSSQL(answer []byte) bool {
	return answer[0] != 4 || len(answer) >= 8 && len(answer) >= int(binary.BigEndian.Uint16(answer[2:]))
}

// parseMSSQL reads the answer's option of encryption.
func parseMSSQL(answer []byte) (check.Facts, error) {
	if len(answer) < 9 || answer[0] != 4 || !wholeMSSQL(answer) {
		return nil, errForeign
	}
	body := answer[8:]
	if body[0] != 0 { // VERSION comes first
		return nil, errForeign
	}
	f := check.Facts{{Name: "Protocol", Value: "mssql"}}
	for at := 0; at+5 <= len(body) && body[at] != 0xff; at += 5 {
		offset := int(binary.BigEndian.Uint16(body[at+1:]))
		if body[at] != 1 || offset >= len(body) {
			continue
		}
		if e := body[offset]; int(e) < len(mssqlEncryption) {
			f.Add("Encryption", mssqlEncryption[e])
		}
	}
	return f, nil
}

// mssqlEncryption are off, on, not supported and required.
var mssqlEncryption = [...]string{"offered", "offered", "none", "required"}

// helloPostgreSQL is SSLRequest. A start-up message would sign in where the server
// trusts everybody.
func helloPostgreSQL(netip.AddrPort) []byte {
	return []byte{0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f}
}

func parsePostgreSQL(answer []byte) (check.Facts, error) {
	f := check.Facts{{Name: "Protocol", Value: "postgresql"}}
	switch {
	case len(answer) == 1 && answer[0] == 'S':
		f.Add("Encryption", "offered")
	case len(answer) == 1 && answer[0] == 'N':
		f.Add("Encryption", "none")
	case len(answer) > 5 && answer[0] == 'E' && bytes.Contains(answer, []byte("FATAL")):
	default:
		return nil, errForeign
	}
	return f, nil
}

// helloMongoDB is isMaster by OP_QUERY, which servers of every age answer to who has
// not signed in. Whether they ask for a password it does not tell.
func helloMongoDB(netip.AddrPort) []byte {
	document := append([]byte{19, 0, 0, 0, 0x10}, "isMaster\x00\x01\x00\x00\x00\x00"...)
	document[0] = byte(len(document))
	var m []byte
	for _, n := range []uint32{0, 1, 0, 2004, 0} { // length, request, in reply to, OP_QUERY, flags
		m = binary.LittleEndian.AppendUint32(m, n)
	}
	m = append(m, "admin.$cmd\x00"...)
	m = binary.LittleEndian.AppendUint32(m, 0)          // skip none
	m = binary.LittleEndian.AppendUint32(m, ^uint32(0)) // and give one
	m = append(m, document...)
	binary.LittleEndian.PutUint32(m, uint32(len(m))) //nolint:gosec // below a hundred
	return m
}

// opReply is the code of the answer to OP_QUERY.
const opReply = 1

func wholeMongoDB(answer []byte) bool {
	return len(answer) >= 16 && (binary.LittleEndian.Uint32(answer[12:]) != opReply || uint64(len(answer)) >= uint64(binary.LittleEndian.Uint32(answer)))
}

func parseMongoDB(answer []byte) (check.Facts, error) {
	if len(answer) < 16 || binary.LittleEndian.Uint32(answer[12:]) != opReply || !bytes.Contains(answer, []byte("maxBsonObjectSize\x00")) {
		return nil, errForeign
	}
	return check.Facts{{Name: "Protocol", Value: "mongodb"}}, nil
}

func helloRedis(netip.AddrPort) []byte { return []byte("PING\r\n") }

// parseRedis: PONG is given to who has signed in or need not.
func parseRedis(answer []byte) (check.Facts, error) {
	f := check.Facts{{Name: "Protocol", Value: "redis"}}
	switch {
	case bytes.HasPrefix(answer, []byte("+PONG\r\n")):
		f.Add("Open", "yes")
	case bytes.HasPrefix(answer, []byte("-NOAUTH")), bytes.HasPrefix(answer, []byte("-NOPERM")), bytes.HasPrefix(answer, []byte("-DENIED")),
		bytes.HasPrefix(answer, []byte("-ERR operation not permitted")):
		f.Add("Open", "no")
	case bytes.HasPrefix(answer, []byte("-ERR ")), bytes.HasPrefix(answer, []byte("-LOADING")):
	default:
		return nil, errForeign
	}
	return f, nil
}

func helloMemcached(netip.AddrPort) []byte { return []byte("version\r\n") }

// parseMemcached: what answers the text protocol has no passwords.
func parseMemcached(answer []byte) (check.Facts, error) {
	f := check.Facts{{Name: "Protocol", Value: "memcached"}}
	switch {
	case bytes.HasPrefix(answer, []byte("VERSION ")):
		f.Add("Open", "yes")
	case bytes.HasPrefix(answer, []byte("CLIENT_ERROR unauthenticated")):
		f.Add("Open", "no")
	default:
		return nil, errForeign
	}
	return f, nil
}
