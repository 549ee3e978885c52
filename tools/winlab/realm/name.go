package realm

import (
	"net"
	"net/netip"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// ttl is short: everything here is.
const ttl = 5

// Names serves the realm's names on an address of loopback such as 127.53.0.1:53
// until the test ends: _kerberos._tcp leads to the centre, any host of the domain
// is 127.0.0.1.
func (r *Realm) Names(t testing.TB, address string) {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", address)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.answer(conn)
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
}

// answer ends when the connection is closed.
func (r *Realm) answer(conn net.PacketConn) {
	b := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(b)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(b[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		if reply, err := r.reply(&m); err == nil {
			_, _ = conn.WriteTo(reply, from) // who asked asks again
		}
	}
}

func (r *Realm) reply(m *dnsmessage.Message) ([]byte, error) {
	q := m.Questions[0]
	domain := r.domain() + "."
	kdc, err := dnsmessage.NewName("kdc." + domain)
	if err != nil {
		return nil, err
	}
	out := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true}, Questions: m.Questions}
	head := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: ttl}
	name := q.Name.String()
	switch {
	case q.Type == dnsmessage.TypeSRV && name == "_kerberos._tcp."+domain:
		out.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.SRVResource{Target: kdc, Port: uint16(r.Port)}}}
	case q.Type == dnsmessage.TypeA && len(name) > len(domain) && name[len(name)-len(domain):] == domain:
		out.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AResource{A: netip.MustParseAddr("127.0.0.1").As4()}}}
	case q.Type != dnsmessage.TypeAAAA:
		out.RCode = dnsmessage.RCodeNameError
	}
	return out.Pack()
}
