package probe

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/check"
)

// patience is long enough for a loaded machine: no test waits for it but those in
// synctest.
const patience = time.Minute

// peer is a device that is one function.
type peer struct {
	serve func(net.Conn)
	dials int
}

func (p *peer) Dial(context.Context, netip.AddrPort) (net.Conn, error) {
	p.dials++
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close() //nolint:errcheck // a test's
		p.serve(theirs)
	}()
	return ours, nil
}

// look is what Look finds at a port of a device.
func look(t *testing.T, port uint16, serve func(net.Conn)) string {
	t.Helper()
	found, err := Look(t.Context(), &peer{serve: serve}, at(port), patience)
	if err != nil {
		t.Fatal(err)
	}
	return check.FormatRow(found.Service)
}

func at(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("10.0.0.5"), port)
}

// speaks is a service that says something first.
func speaks(text string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, text)
		_, _ = io.Copy(io.Discard, c)
	}
}

// answers is a service that answers whatever is said by one text.
func answers(text string) func(net.Conn) {
	return func(c net.Conn) {
		if n, err := c.Read(make([]byte, 4096)); n == 0 || err != nil {
			return
		}
		_, _ = io.WriteString(c, text)
		_, _ = io.Copy(io.Discard, c)
	}
}

// hangsUp is one that answers only to SMB 2.
func hangsUp(text string) func(net.Conn) {
	return func(c net.Conn) {
		said := make([]byte, 256)
		if n, err := c.Read(said); err != nil || !bytes.Contains(said[:n], []byte("\xfeSMB")) {
			return
		}
		_, _ = io.WriteString(c, text)
		_, _ = io.Copy(io.Discard, c)
	}
}

// converses is one that says something, and then answers.
func converses(first, then string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, first)
		answers(then)(c)
	}
}

func TestServicesAreKnownByWhatTheySay(t *testing.T) {
	mysql := "\x4a\x00\x00\x00\x0a8.0.36\x00\x08\x00\x00\x00abcdefgh\x00" + "\xff\xff" + "\xff\x02\x00\xff\xdf\x15" + strings.Repeat("\x00", 10) + "ijklmnopqrst\x00caching_sha2_password\x00"
	old := strings.Replace(mysql, "\x00\xff\xff\xff\x02", "\x00\xff\xf7\xff\x02", 1)
	for _, test := range []struct {
		name  string
		port  uint16
		serve func(net.Conn)
		want  string
	}{
		{"SSH", 22, speaks("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), "Protocol=ssh;Version=2"},
		{"SSH of last century", 22, speaks("SSH-1.5-1.2.33\n"), "Protocol=ssh;Version=1"},
		{"SSH that can both", 22, speaks("SSH-1.99-Cisco-1.25\n"), "Protocol=ssh;Version=1"},
		{"SSH where nobody looks for it", 49000, speaks("SSH-2.0-dropbear\r\n"), "Protocol=ssh;Version=2"},
		{"Telnet", 23, speaks("\xff\xfd\x18\xff\xfd\x20"), "Protocol=telnet"},
		{"Telnet that asks at once", 23, speaks("\r\nSwitch\r\nUsername: "), "Protocol=telnet"},
		{"no Telnet", 23, speaks("hello\r\n"), "Unclear=telnet"},
		{"SSH at Telnet's port", 23, speaks("SSH-2.0-x\r\n"), "Protocol=ssh;Version=2"},
		{"FTP that can TLS", 21, converses("220-Welcome\r\n220 ready\r\n", "234 go ahead\r\n"), "Protocol=ftp;Encryption=offered"},
		{"FTP that cannot", 21, converses("220 ready\r\n", "502 not implemented\r\n"), "Protocol=ftp;Encryption=none"},
		{"FTP that wants a name first", 21, converses("220 ready\r\n", "530 Please login with USER and PASS.\r\n"), "Protocol=ftp;Encryption=none"},
		{"FTP that ends it there", 21, func(c net.Conn) {
			_, _ = io.WriteString(c, "220 ready\r\n")
			_, _ = c.Read(make([]byte, 64))
		}, "Protocol=ftp;Unclear=ftp"},
		{"FTP that is full", 21, speaks("421 Too many connections\r\n"), "Protocol=ftp;Unclear=ftp"},
		{"no FTP", 21, speaks("200 what\r\n"), "Unclear=ftp"},
		{"MySQL", 3306, speaks(mysql), "Protocol=mysql;Encryption=offered"},
		{"MySQL without TLS", 3306, speaks(old), "Protocol=mysql;Encryption=none"},
		{"MySQL that does not want us", 3306, speaks("\x45\x00\x00\x00\xff\x6a\x04Host '10.0.0.1' is not allowed to connect to this MySQL server....."), "Protocol=mysql"},
		{"no MySQL", 3306, speaks("hello, this is something else altogether"), "Unclear=database"},
		{"VNC for everybody", 5900, converses("RFB 003.008\n", "\x02\x01\x02"), "Protocol=vnc;Open=yes"},
		{"VNC with a password", 5900, converses("RFB 003.008\n", "\x02\x02\x10"), "Protocol=vnc;Open=no"},
		{"VNC of a Mac", 5900, converses("RFB 003.889\n", "\x04\x1e\x21\x24\x23"), "Protocol=vnc;Open=no"},
		{"old VNC for everybody", 5900, converses("RFB 003.003\n", "\x00\x00\x00\x01"), "Protocol=vnc;Open=yes"},
		{"old VNC with a password", 5900, converses("RFB 003.003\n", "\x00\x00\x00\x02"), "Protocol=vnc;Open=no"},
		{"VNC that is tired of us", 5900, converses("RFB 003.008\n", "\x00\x00\x00\x00\x05later"), "Protocol=vnc"},
		{"no VNC", 5900, speaks("RFB\n"), "Unclear=vnc"},
		{"RDP with NLA", 3389, answers("\x03\x00\x00\x13\x0e\xd0\x00\x00\x124\x00\x03\x00\x08\x00\x05\x00\x00\x00"), "Protocol=rdp;NLA=yes"},
		{"RDP with TLS alone", 3389, answers("\x03\x00\x00\x13\x0e\xd0\x00\x00\x124\x00\x02\x1f\x08\x00\x01\x00\x00\x00"), "Protocol=rdp;NLA=no"},
		{"RDP of its own security", 3389, answers("\x03\x00\x00\x13\x0e\xd0\x00\x00\x124\x00\x03\x00\x08\x00\x02\x00\x00\x00"), "Protocol=rdp;NLA=no;Encryption=none"},
		{"RDP from before", 3389, answers("\x03\x00\x00\x0b\x06\xd0\x00\x00\x124\x00"), "Protocol=rdp;NLA=no;Encryption=none"},
		{"RDP that cannot decide", 3389, answers("\x03\x00\x00\x13\x0e\xd0\x00\x00\x124\x00\x03\x00\x08\x00\x04\x00\x00\x00"), "Protocol=rdp;Unclear=rdp"},
		{"no RDP", 3389, answers("HTTP/1.1 400 Bad Request\r\n\r\n"), "Unclear=rdp"},
		{"SMB 1", 445, answers(smb1(0, 0)), "Protocol=smb;SMB1=yes"},
		{"SMB 1 that is refused by an index", 445, answers(smb1(0, 0xffff)), "Protocol=smb;SMB1=no"},
		{"SMB 1 that is refused by a status", 445, answers(smb1(0xc00000bb, 0)), "Protocol=smb;SMB1=no"},
		{"SMB 2 in reply", 445, answers("\x00\x00\x00\x44\xfeSMB" + strings.Repeat("\x00", 64)), "Protocol=smb;SMB1=no"},
		{"SMB 2 that hangs up", 445, hangsUp("\x00\x00\x00\x44\xfeSMB" + strings.Repeat("\x00", 64)), "Protocol=smb;SMB1=no"},
		{"one that hangs up whatever is said", 445, func(c net.Conn) { _, _ = c.Read(make([]byte, 256)) }, "Unclear=smb"},
		{"SSH that says nothing", 22, func(net.Conn) {}, "Unclear=ssh"},
		{"no SSH", 22, speaks("GARBAGE\r\n"), "Unclear=ssh"},
		{"no SMB", 445, answers("what is this"), "Unclear=smb"},
		{"SQL Server", 1433, answers("\x04\x01\x00\x1a\x00\x00\x01\x00" + "\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff" + "\x0f\x00\x07\xd0\x00\x00" + "\x00"), "Protocol=mssql;Encryption=offered"},
		{"SQL Server without TLS", 1433, answers("\x04\x01\x00\x1a\x00\x00\x01\x00" + "\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff" + "\x0f\x00\x07\xd0\x00\x00" + "\x02"), "Protocol=mssql;Encryption=none"},
		{"SQL Server that insists", 1433, answers("\x04\x01\x00\x1a\x00\x00\x01\x00" + "\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff" + "\x0f\x00\x07\xd0\x00\x00" + "\x03"), "Protocol=mssql;Encryption=required"},
		{"no SQL Server", 1433, answers("ERR\r\n"), "Unclear=database"},
		{"PostgreSQL", 5432, answers("S"), "Protocol=postgresql;Encryption=offered"},
		{"PostgreSQL without TLS", 5432, answers("N"), "Protocol=postgresql;Encryption=none"},
		{"PostgreSQL that is full", 5432, answers("E\x00\x00\x00\x40SFATAL\x00C53300\x00Msorry\x00\x00"), "Protocol=postgresql"},
		{"no PostgreSQL", 5432, answers("NO"), "Unclear=database"},
		{"MongoDB", 27017, answers(mongoReply("maxBsonObjectSize\x00")), "Protocol=mongodb"},
		{"no MongoDB", 27017, answers(mongoReply("something\x00")), "Unclear=database"},
		{"Redis for everybody", 6379, answers("+PONG\r\n"), "Protocol=redis;Open=yes"},
		{"Redis with a password", 6379, answers("-NOAUTH Authentication required.\r\n"), "Protocol=redis;Open=no"},
		{"Redis that wants to be asked from home", 6379, answers("-DENIED Redis is running in protected mode\r\n"), "Protocol=redis;Open=no"},
		{"Redis that is starting", 6379, answers("-LOADING Redis is loading the dataset in memory\r\n"), "Protocol=redis"},
		{"no Redis", 6379, answers("+OK\r\n"), "Unclear=database"},
		{"memcached", 11211, answers("VERSION 1.6.18\r\n"), "Protocol=memcached;Open=yes"},
		{"memcached with passwords", 11211, answers("CLIENT_ERROR unauthenticated\r\n"), "Protocol=memcached;Open=no"},
		{"no memcached", 11211, answers("ERROR\r\n"), "Unclear=database"},
		{"Elasticsearch for everybody", 9200, answers("HTTP/1.1 200 OK\r\nX-elastic-product: Elasticsearch\r\n\r\n{\n  \"cluster_name\" : \"clinic\"\n}\n"), "Protocol=elasticsearch;Open=yes"},
		{"Elasticsearch with a password", 9200, answers("HTTP/1.1 401 Unauthorized\r\n\r\n{\"error\":{\"type\":\"security_exception\"}}\n"), "Protocol=elasticsearch;Open=no"},
		{"a page where Elasticsearch is looked for", 9200, answers("HTTP/1.1 200 OK\r\n\r\n{}\n"), "Protocol=http"},
		{"no Elasticsearch", 9200, answers("SSH-2.0-x\r\n\r\n}\n"), "Protocol=ssh;Version=2"},
		{"a page", 80, answers("HTTP/1.1 200 OK\r\nServer: x\r\n\r\n<html>"), "Protocol=http"},
		{"a page that leads to TLS", 8080, answers("HTTP/1.0 301 Moved Permanently\r\nlocation:HTTPS://nas/\r\n\r\n"), "Protocol=http;Redirect=https"},
		{"a page that leads elsewhere", 80, answers("HTTP/1.0 302 Found\r\nLocation: /login\r\n\r\n"), "Protocol=http"},
		{"no page", 80, answers("HTTP/9 what\r\n\r\n"), "Unclear=http"},
		{"something unknown", 49000, speaks("hello\r\n"), ""},
		{"something that goes at once", 49000, func(net.Conn) {}, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			if got := look(t, test.port, test.serve); got != test.want {
				t.Errorf("%s: Look = %q; want %q", test.name, got, test.want)
			}
			if took := time.Since(began); took > 0 {
				t.Errorf("%s: Look waited %s for more", test.name, took)
			}
		})
	}
}

// smb1 is an answer to negotiate with a status and a chosen dialect.
func smb1(status uint32, index uint16) string {
	m := []byte("\xffSMB\x72")
	m = append(m, byte(status), byte(status>>8), byte(status>>16), byte(status>>24))
	m = append(m, make([]byte, 32-len(m))...)
	m = append(m, 17, byte(index), byte(index>>8))
	m = append(m, make([]byte, 34)...)
	return string(append([]byte{0, 0, 0, byte(len(m))}, m...))
}

func mongoReply(field string) string {
	m := make([]byte, 16, 128)
	m[12] = 1
	m = append(m, make([]byte, 20)...)
	m = append(m, "\x00\x00\x00\x00\x10"+field...)
	m[0] = byte(len(m))
	return string(m)
}

// What a device gets is all that could harm it, so it is written down here byte by
// byte.
func TestNothingElseIsSent(t *testing.T) {
	for port, want := range map[uint16]string{
		21:    "AUTH TLS\r\n",
		22:    "",
		23:    "",
		80:    "GET / HTTP/1.1\r\nHost: 10.0.0.5:80\r\nUser-Agent: osiris-appliance\r\nAccept: */*\r\nConnection: close\r\n\r\n",
		445:   "\x00\x00\x00\x2f\xffSMB\x72\x00\x00\x00\x00\x18\x01\xc8" + strings.Repeat("\x00", 20) + "\x00\x0c\x00\x02NT LM 0.12\x00",
		1433:  "\x12\x01\x00\x1a\x00\x00\x00\x00\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff\x00\x00\x00\x00\x00\x00\x00",
		3306:  "",
		3389:  "\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x01\x00\x00\x00",
		5432:  "\x00\x00\x00\x08\x04\xd2\x16\x2f",
		5900:  "RFB 003.008\n",
		6379:  "PING\r\n",
		11211: "version\r\n",
		27017: "\x3a\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xd4\x07\x00\x00\x00\x00\x00\x00admin.$cmd\x00\x00\x00\x00\x00\xff\xff\xff\xff" +
			"\x13\x00\x00\x00\x10isMaster\x00\x01\x00\x00\x00\x00",
		104:   "",
		49000: "",
	} {
		first := map[uint16]string{21: "220 ready\r\n", 22: "SSH-2.0-x\r\n", 5900: "RFB 003.008\n"}[port]
		got := make(chan string, 1)
		serve := func(c net.Conn) {
			if first != "" { // a pipe waits for the reader of nothing, too
				_, _ = io.WriteString(c, first)
			}
			var said bytes.Buffer
			b := make([]byte, 4096)
			_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			n, _ := c.Read(b)
			said.Write(b[:n])
			_, _ = io.WriteString(c, "\r\n\r\n") // something else than expected
			_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			rest, _ := io.ReadAll(c)
			said.Write(rest)
			got <- said.String()
		}
		synctest.Test(t, func(t *testing.T) {
			if _, err := Look(t.Context(), &peer{serve: serve}, at(port), patience); err != nil {
				t.Error(err)
			}
		})
		if diff := cmp.Diff(want, <-got); diff != "" {
			t.Errorf("what port %d gets (-want +got):\n%s", port, diff)
		}
	}
}

func TestSMB2IsAskedAfterSMB1(t *testing.T) {
	want := "\x00\x00\x00\x68\xfeSMB\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00" + strings.Repeat("\x00", 48) +
		"\x24\x00\x02\x00\x01\x00" + strings.Repeat("\x00", 30) + "\x02\x02\x10\x02"
	if diff := cmp.Diff(want, string(helloSMB2(at(445)))); diff != "" {
		t.Errorf("helloSMB2 (-want +got):\n%s", diff)
	}
}

func TestASlowOrEndlessServiceIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for port, want := range map[uint16]string{445: "Unclear=smb", 23: "Unclear=telnet", 49000: ""} {
			began := time.Now()
			got := look(t, port, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
			if took := time.Since(began); got != want || took != patience {
				t.Errorf("a silent service = %q after %s; want %q after %s", got, took, want, patience)
			}
		}
		endless := func(c net.Conn) {
			for {
				if _, err := c.Write(bytes.Repeat([]byte("x"), 1000)); err != nil {
					return
				}
			}
		}
		if got := look(t, 80, endless); got != "Unclear=http" {
			t.Errorf("an endless service = %q; want Unclear=http", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := Look(ctx, &peer{serve: func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }}, at(445), patience)
		if took := time.Since(began); err != nil || took != time.Second {
			t.Errorf("Look = %v after %s; want its context's second", err, took)
		}
	})
}

type refusing struct{ err error }

func (r refusing) Dial(context.Context, netip.AddrPort) (net.Conn, error) { return nil, r.err }

func TestAPortThatIsNotOpenIsAnError(t *testing.T) {
	for _, port := range []uint16{22, 443} {
		if _, err := Look(t.Context(), refusing{ErrRefused}, at(port), patience); !errors.Is(err, ErrRefused) {
			t.Errorf("Look at %d = %v; want ErrRefused", port, err)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		"", "SSH-2.0-x\r\n", "\xff\xfd\x18", "220 x\r\n234 y\r\n", "RFB 003.008\n\x02\x01\x02", smb1(0, 0), mongoReply("maxBsonObjectSize\x00"),
		"\x4a\x00\x00\x00\x0a8\x00", "\x03\x00\x00\x13\x0e\xd0\x00\x00\x124\x00\x03\x00\x08\x00\x05\x00\x00\x00", "S", "+PONG\r\n", "VERSION 1\r\n",
		"HTTP/1.1 301 x\r\nLocation: https://a\r\n\r\n", "\x04\x01\x00\x1a\x00\x00\x01\x00\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff\x0f\x00\x07\xd0\x00\x00\x00",
	} {
		for port := range protocols {
			f.Add(port, []byte(seed), true)
		}
	}
	f.Fuzz(func(t *testing.T, port uint16, answer []byte, ended bool) {
		p := protocolOf(port)
		if p.reply != nil {
			p.reply(answer)
		}
		if p.whole != nil && len(answer) > 0 {
			p.whole(answer)
		}
		facts := p.judge(answer)
		if len(facts) > 4 {
			t.Errorf("judge gives %d facts; want a few", len(facts))
		}
		for _, fact := range facts {
			if !known[fact.Name] || len(fact.Value) > 16 || strings.ContainsFunc(fact.Value, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("judge gives %v, which is foreign text", fact)
			}
		}
	})
}

// known are the fields that the judges read.
var known = map[string]bool{
	"Protocol": true, "Version": true, "Encryption": true, "Open": true, "NLA": true, "SMB1": true, "Unclear": true, "Redirect": true,
}
