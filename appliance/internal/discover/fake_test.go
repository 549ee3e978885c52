package discover_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"fmt"
	"math/big"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// fakeNow is the fake controller's clock.
var fakeNow = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

const base = "DC=northvalley,DC=local"

// entry is an object with its attributes.
type entry map[string]string

func (e entry) clone(changes entry) entry {
	c := entry{}
	for k, v := range e {
		c[k] = v
	}
	for k, v := range changes {
		c[k] = v
	}
	return c
}

// fake is a small domain controller with AD's limits, which Samba has not.
type fake struct {
	t    *testing.T
	port int
	ca   *x509.Certificate
	cas  *x509.CertPool
	tls  *tls.Config

	mu         sync.Mutex
	computers  map[string]entry // by DN
	members    []string
	invocation [16]byte
	context    string
	// What goes wrong: the code and text of every bind, search and StartTLS.
	bindCode, searchCode, startCode int
	bindText                        string
	noPaging                        bool // refuses more than 1,000 entries, and knows no pages
	plain, flood, endless           bool
	hang                            func() // never answers
	referrals                       []string
	filters                         []string
	binds                           int
}

func startFake(t *testing.T) *fake {
	t.Helper()
	f := newFake(t, "dc1.northvalley.local")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.port = l.Addr().(*net.TCPAddr).Port
	var all sync.WaitGroup
	conns := map[net.Conn]bool{}
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			conns[c] = true
			f.mu.Unlock()
			all.Go(func() { f.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		f.mu.Lock()
		for c := range conns {
			_ = c.Close()
		}
		f.mu.Unlock()
		all.Wait()
	})
	return f
}

// newFake is a controller that listens nowhere: serve takes its connections.
func newFake(t *testing.T, name string) *fake {
	t.Helper()
	f := &fake{t: t, computers: map[string]entry{}, context: base, invocation: [16]byte{1}}
	f.certificates(name)
	return f
}

func (f *fake) certificates(name string) {
	f.t.Helper()
	sign := func(c, parent *x509.Certificate, key *ecdsa.PrivateKey, by *ecdsa.PrivateKey) *x509.Certificate {
		der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, by)
		if err != nil {
			f.t.Fatal(err)
		}
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			f.t.Fatal(err)
		}
		return parsed
	}
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			f.t.Fatal(err)
		}
		return k
	}
	caKey, leafKey := key(), key()
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	f.ca = sign(ca, ca, caKey, caKey)
	leaf := sign(&x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{name}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, f.ca, leafKey, caKey)
	f.cas = x509.NewCertPool()
	f.cas.AddCert(f.ca)
	f.tls = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.Raw, f.ca.Raw}, PrivateKey: leafKey}}}
}

func spki(c *x509.Certificate) [32]byte { return sha256.Sum256(c.RawSubjectPublicKeyInfo) }

// computer is one with sensible attributes; n makes it different from others.
func (f *fake) computer(n int, changes entry) string {
	guid := make([]byte, 16)
	binary.BigEndian.PutUint32(guid[12:], uint32(n))
	sid := []byte{1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0}
	binary.LittleEndian.PutUint32(sid[24:], uint32(n))
	name := fmt.Sprintf("WS%04d", n)
	e := entry{
		"objectGUID": string(guid), "objectSid": string(sid), "name": name, "sAMAccountName": name + "$", "dNSHostName": name + ".Northvalley.Local",
		"operatingSystem": "Windows 11 Pro", "operatingSystemVersion": "10.0 (22631)", "userAccountControl": "4096", "primaryGroupID": "515",
		"whenCreated": "20260101000000.0Z", "lastLogonTimestamp": fileTime(fakeNow.Add(-24 * time.Hour)), "uSNChanged": strconv.Itoa(1000 + n),
	}.clone(changes)
	f.mu.Lock()
	defer f.mu.Unlock()
	dn := "CN=" + e["name"] + "," + e["ou"] + base
	delete(e, "ou")
	f.computers[dn] = e
	return dn
}

func fileTime(t time.Time) string { return strconv.FormatInt((t.Unix()+11644473600)*1e7, 10) }

func (f *fake) serve(c net.Conn) {
	defer c.Close() //nolint:errcheck // a test's end of the connection
	if !f.startTLS() {
		if f.plain {
			_, _ = c.Write([]byte("0\x0c\x02\x01\x01"))
			return
		}
		c = tls.Server(c, f.tls)
	}
	for {
		p, err := ber.ReadPacket(c)
		if err != nil || len(p.Children) < 2 {
			return
		}
		if f.hang != nil {
			f.hang()
			continue
		}
		id, _ := p.Children[0].Value.(int64)
		switch op := p.Children[1]; op.Tag {
		case ldap.ApplicationBindRequest:
			f.mu.Lock()
			f.binds++
			f.mu.Unlock()
			f.send(c, id, result(ldap.ApplicationBindResponse, f.bindCode, f.bindText), nil)
		case ldap.ApplicationExtendedRequest:
			f.send(c, id, result(ldap.ApplicationExtendedResponse, f.startCode, "no"), nil)
			if f.startCode == 0 {
				c = tls.Server(c, f.tls)
			}
		case ldap.ApplicationSearchRequest:
			f.search(c, id, p)
		default:
			return
		}
	}
}

func (f *fake) startTLS() bool { return f.startCode >= 0 }

func (f *fake) send(c net.Conn, id int64, op, controls *ber.Packet) {
	p := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	p.AppendChild(op)
	if controls != nil {
		p.AppendChild(controls)
	}
	_, _ = c.Write(p.Bytes()) // a client that is gone is seen by the next read
}

func result(tag ber.Tag, code int, text string) *ber.Packet {
	r := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	r.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""))
	r.AppendChild(octets(""))
	r.AppendChild(octets(text))
	return r
}

func octets(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

func object(dn string, attributes map[string][]string) *ber.Packet {
	r := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultEntry, nil, "")
	r.AppendChild(octets(dn))
	list := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	for name, values := range attributes {
		a := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
		a.AppendChild(octets(name))
		set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
		for _, v := range values {
			set.AppendChild(octets(v))
		}
		a.AppendChild(set)
		list.AppendChild(a)
	}
	r.AppendChild(list)
	return r
}

func (f *fake) search(c net.Conn, id int64, p *ber.Packet) {
	f.mu.Lock()
	defer f.mu.Unlock()
	request := p.Children[1]
	dn := string(request.Children[0].ByteValue)
	done := func(code int, controls *ber.Packet) {
		f.send(c, id, result(ldap.ApplicationSearchResultDone, code, "no"), controls)
	}
	switch {
	case dn == "":
		top := int64(1)
		for _, e := range f.computers {
			n, _ := strconv.ParseInt(e["uSNChanged"], 10, 64)
			top = max(top, n)
		}
		f.send(c, id, object("", map[string][]string{
			"defaultNamingContext": {f.context}, "highestCommittedUSN": {strconv.FormatInt(top, 10)}, "dsServiceName": {"CN=NTDS Settings"}, "currentTime": {fakeNow.Format("20060102150405.0Z")},
		}), nil)
		done(0, nil)
	case dn == "CN=NTDS Settings":
		f.send(c, id, object(dn, map[string][]string{"invocationId": {string(f.invocation[:])}}), nil)
		done(0, nil)
	case strings.HasPrefix(dn, "CN=Group"):
		f.group(c, id, request)
		done(0, nil)
	case f.searchCode != 0:
		done(f.searchCode, nil)
	case f.flood:
		for range 2000 {
			f.send(c, id, object("CN=x,"+base, map[string][]string{"name": {strings.Repeat("x", 10000)}}), nil)
		}
	default:
		f.page(c, id, p, done)
	}
}

// group answers member;range=N-* as AD does, 1,500 at a time.
func (f *fake) group(c net.Conn, id int64, request *ber.Packet) {
	var from int
	if _, err := fmt.Sscanf(string(request.Children[7].Children[0].ByteValue), "member;range=%d-*", &from); err != nil {
		f.t.Errorf("a group was asked for %q", request.Children[7].Children[0].ByteValue)
		return
	}
	end := min(from+1500, len(f.members))
	name := fmt.Sprintf("member;range=%d-%d", from, end-1)
	if end == len(f.members) {
		name = fmt.Sprintf("member;range=%d-*", from)
	}
	f.send(c, id, object("CN=Group,"+base, map[string][]string{"member": nil, name: f.members[from:end]}), nil)
}

var usnFilter = regexp.MustCompile(`\(uSNChanged>=(\d+)\)`)

func (f *fake) page(c net.Conn, id int64, p *ber.Packet, done func(int, *ber.Packet)) {
	filter, err := ldap.DecompileFilter(p.Children[1].Children[6])
	if err != nil {
		f.t.Errorf("reading a filter: %v", err)
		return
	}
	f.filters = append(f.filters, filter)
	found := f.match(filter)
	size, from := len(found), 0
	if f.noPaging {
		size = 1000
	} else if len(p.Children) > 2 {
		control, err := ldap.DecodeControl(p.Children[2].Children[0])
		paging, ok := control.(*ldap.ControlPaging)
		if err != nil || !ok {
			f.t.Errorf("an unknown control: %v", err)
			return
		}
		size = int(paging.PagingSize)
		if len(paging.Cookie) > 0 {
			from, _ = strconv.Atoi(string(paging.Cookie))
		}
	}
	end := min(from+size, len(found))
	for _, dn := range found[min(from, end):end] {
		attributes := map[string][]string{}
		for k, v := range f.computers[dn] {
			attributes[k] = []string{v}
		}
		f.send(c, id, object(dn, attributes), nil)
	}
	for _, r := range f.referrals {
		reference := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultReference, nil, "")
		reference.AppendChild(octets(r))
		f.send(c, id, reference, nil)
	}
	if f.noPaging {
		if end < len(found) {
			done(ldap.LDAPResultSizeLimitExceeded, nil)
		} else {
			done(0, nil)
		}
		return
	}
	answer := ldap.NewControlPaging(0)
	if end < len(found) || f.endless {
		answer.SetCookie([]byte(strconv.Itoa(end)))
	}
	controls := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
	controls.AppendChild(answer.Encode())
	done(0, controls)
}

func (f *fake) match(filter string) []string {
	after := int64(0)
	if m := usnFilter.FindStringSubmatch(filter); m != nil {
		after, _ = strconv.ParseInt(m[1], 10, 64)
	}
	var found []string
	for dn, e := range f.computers {
		usn, _ := strconv.ParseInt(e["uSNChanged"], 10, 64)
		control, _ := strconv.Atoi(e["userAccountControl"])
		if strings.Contains(filter, "1.2.840.113556.1.4.803:=2") && control&2 != 0 || usn < after {
			continue
		}
		found = append(found, dn)
	}
	return sorted(found)
}
