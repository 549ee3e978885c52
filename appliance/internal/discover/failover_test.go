package discover_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/osiriscare/osiris/appliance/internal/discover"
)

// forest is a domain whose records name several controllers, in the order of
// preference, without a network.
type forest struct {
	t     *testing.T
	names []string                  // targets of the records
	dcs   map[string]func(net.Conn) // what answers under a name; nobody is there for others
	asked []string                  // names that were connected to
}

func (f *forest) dial(_ context.Context, network, address string) (net.Conn, error) {
	client, server := net.Pipe()
	if strings.HasPrefix(network, "udp") {
		go f.dns(server)
		return client, nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	f.asked = append(f.asked, host)
	answer := f.dcs[host]
	if answer == nil {
		return nil, errors.New("no route to host")
	}
	go answer(server)
	return client, nil
}

// dns answers one question over a stream, as the resolver asks who is no datagram
// socket (RFC 1035 4.2.2).
func (f *forest) dns(c net.Conn) {
	defer c.Close() //nolint:errcheck // a test's end of the connection
	var size [2]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return
	}
	question := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(c, question); err != nil {
		return
	}
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		f.t.Error(err)
		return
	}
	m.Response, m.Additionals = true, nil
	for priority, name := range f.names {
		m.Answers = append(m.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: dnsmessage.ClassINET, TTL: 60},
			Body:   &dnsmessage.SRVResource{Priority: uint16(priority), Port: 389, Target: dnsmessage.MustNewName(name + ".")}, //nolint:gosec // a few
		})
	}
	reply, err := m.Pack()
	if err != nil {
		f.t.Error(err)
		return
	}
	_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)) //nolint:gosec // small
}

// bubble runs a test in synctest. The resolver makes a channel when it is used
// first, which must not be in a bubble.
func bubble(t *testing.T, do func(t *testing.T)) {
	t.Helper()
	nobody := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("not here") }}
	if _, _, err := nobody.LookupSRV(t.Context(), "ldap", "tcp", "northvalley.local."); err == nil {
		t.Fatal("a resolver without a network finds something")
	}
	synctest.Test(t, do)
}

// mute takes a connection and never says anything.
func mute(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

const dc1, dc2 = "dc1.northvalley.local", "dc2.northvalley.local"

func TestListGoesToTheNextController(t *testing.T) {
	for _, c := range []struct {
		name  string
		first func(one *fake) func(net.Conn)
		took  time.Duration
	}{
		{"when nobody is at the first", func(*fake) func(net.Conn) { return nil }, 0},
		{"when the first hangs before TLS", func(*fake) func(net.Conn) { return mute }, 10 * time.Second},
		{"when the first hangs at the logon", func(one *fake) func(net.Conn) {
			one.hang = func() {}
			return one.serve
		}, 2 * time.Minute},
		{"when the first breaks off", func(*fake) func(net.Conn) { return func(c net.Conn) { _ = c.Close() } }, 0},
		{"when the first is too busy for a logon", func(one *fake) func(net.Conn) {
			one.bindCode, one.bindText = 51, "80000000: busy"
			return one.serve
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				one, two := newFake(t, dc1), newFake(t, dc2)
				one.startCode, two.startCode = -1, -1
				two.computer(1, nil)
				f := &forest{t: t, names: []string{dc1, dc2}, dcs: map[string]func(net.Conn){dc1: c.first(one), dc2: two.serve}}
				cfg := f.config(one, two)
				began := time.Now()
				l, m := list(t, directory(t, cfg), discover.Mark{})
				if l.Server != dc2 || len(l.Computers) != 1 || time.Since(began) != c.took {
					t.Errorf("List = %d computers of %s after %s; want 1 of %s after %s", len(l.Computers), l.Server, time.Since(began), dc2, c.took)
				}
				// The one that answered is asked first from then on.
				f.asked = nil
				if _, _ = list(t, directory(t, cfg), m); f.asked[0] != dc2 {
					t.Errorf("the next list asks %v; want %s first", f.asked, dc2)
				}
			})
		})
	}
}

// config trusts both controllers.
func (f *forest) config(controllers ...*fake) discover.Config {
	cfg := controllers[0].config()
	cfg.Server, cfg.Port, cfg.Dial, cfg.DNS = "", 0, f.dial, []netip.AddrPort{netip.MustParseAddrPort("192.0.2.53:53")}
	for _, c := range controllers[1:] {
		cfg.CAs.AddCert(c.ca)
	}
	return cfg
}

func TestARefusedCredentialIsNotShownToAnotherController(t *testing.T) {
	bubble(t, func(t *testing.T) {
		one, two := newFake(t, dc1), newFake(t, dc2)
		one.startCode, two.startCode = -1, -1
		one.bindCode, one.bindText = 49, "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 775, v2580"
		f := &forest{t: t, names: []string{dc1, dc2}, dcs: map[string]func(net.Conn){dc1: one.serve, dc2: two.serve}}
		_, _, err := directory(t, f.config(one, two)).List(t.Context(), discover.Mark{})
		if !errors.Is(err, discover.ErrCredentials) || one.binds != 1 || two.binds != 0 || len(f.asked) != 1 {
			t.Errorf("List = %v after %d and %d logons at %v; want ErrCredentials after one", err, one.binds, two.binds, f.asked)
		}
	})
}

func TestAnUntrustedControllerIsNotGoneAround(t *testing.T) {
	bubble(t, func(t *testing.T) {
		one, two := newFake(t, dc1), newFake(t, dc2)
		one.startCode, two.startCode = -1, -1
		f := &forest{t: t, names: []string{dc1, dc2}, dcs: map[string]func(net.Conn){dc1: one.serve, dc2: two.serve}}
		cfg := f.config(two)
		_, _, err := directory(t, cfg).List(t.Context(), discover.Mark{})
		if !errors.Is(err, discover.ErrCertificate) || one.binds+two.binds != 0 {
			t.Errorf("List = %v after %d logons; want ErrCertificate and none", err, one.binds+two.binds)
		}
	})
}

func TestRecordsThatLeadOutOfTheDomainAreNotFollowed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		one := newFake(t, "dc1.evil.example")
		one.startCode = -1
		f := &forest{t: t, names: []string{"dc1.evil.example", "xnorthvalley.local"}, dcs: map[string]func(net.Conn){"dc1.evil.example": one.serve}}
		_, _, err := directory(t, f.config(one)).List(t.Context(), discover.Mark{})
		if !errors.Is(err, discover.ErrDomain) || len(f.asked) != 0 {
			t.Errorf("List = %v after asking %v; want ErrDomain, and nobody asked", err, f.asked)
		}
	})
}
