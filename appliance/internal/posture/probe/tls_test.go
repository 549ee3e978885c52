package probe

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"io"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/check"
)

// certificate makes one that is signed by itself, or by somebody else.
func certificate(t *testing.T, key crypto.Signer, from, until time.Time, self bool) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "nas\n1"}, NotBefore: from, NotAfter: until}
	parent, signer := template, key
	if !self {
		parent = &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "clinic CA"}, NotBefore: from, NotAfter: until}
		signer = newKey(t)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// device is one on loopback: a pipe holds no bytes, so that two sides of TLS may
// wait for each other there.
type device struct {
	net.Listener
	dials int
}

func startTLS(t *testing.T, c *tls.Config) *device {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = tls.Server(conn, c).HandshakeContext(context.Background())
			_ = conn.Close()
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		work.Wait()
	})
	return &device{Listener: l}
}

func (d *device) Dial(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
	d.dials++
	var n net.Dialer
	return n.DialContext(ctx, "tcp", d.Addr().String())
}

func every() (ids []uint16) {
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		ids = append(ids, s.ID)
	}
	return ids
}

func TestVersionsAreThoseThatTheServerChooses(t *testing.T) {
	cert := certificate(t, newKey(t), time.Now().Add(-time.Hour), time.Now().Add(1000*time.Hour), true)
	for _, test := range []struct {
		lowest, highest uint16
		want            string
	}{
		{tls.VersionTLS10, tls.VersionTLS13, "SSL3=no;TLS10=yes;TLS11=yes;Newest=1.3"},
		{tls.VersionTLS10, tls.VersionTLS10, "SSL3=no;TLS10=yes;TLS11=no;Newest=1.0"},
		{tls.VersionTLS11, tls.VersionTLS12, "SSL3=no;TLS10=no;TLS11=yes;Newest=1.2"},
		{tls.VersionTLS12, tls.VersionTLS12, "SSL3=no;TLS10=no;TLS11=no;Newest=1.2"},
		{tls.VersionTLS13, tls.VersionTLS13, "SSL3=no;TLS10=no;TLS11=no;Newest=1.3"},
	} {
		p := startTLS(t, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: test.lowest, MaxVersion: test.highest, CipherSuites: every()})
		found, err := Look(t.Context(), p, at(443), patience)
		if err != nil {
			t.Fatal(err)
		}
		if got := check.FormatRow(found.TLS); got != test.want {
			t.Errorf("a server of %x to %x = %q; want %q", test.lowest, test.highest, got, test.want)
		}
		if got := check.FormatRow(found.Service); got != "Protocol=tls" || found.Certificate == nil {
			t.Errorf("a server of %x to %x = %q, certificate %v", test.lowest, test.highest, got, found.Certificate)
		}
		if p.dials != 4 {
			t.Errorf("%d connections; want 4", p.dials)
		}
	}
}

// hello30 is what a server of SSL 3.0 answers: nobody makes one any more, so these
// are the bytes of RFC 6101, 5.6.1.3.
func hello30() []byte {
	hello := append([]byte{2, 0, 0, 38, 3, 0}, make([]byte, 32)...)
	hello = append(hello, 0, 0, 0x2f, 0)
	return append([]byte{22, 3, 0, 0, byte(len(hello))}, hello...)
}

func TestSSL3IsFound(t *testing.T) {
	serve := func(c net.Conn) {
		head := make([]byte, 11)
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint16(head[3:]))-6); err != nil {
			return
		}
		if binary.BigEndian.Uint16(head[9:]) >= 0x0300 { // it takes what is newest that it has
			_, _ = c.Write(hello30())
		}
	}
	found, err := Look(t.Context(), &peer{serve: serve}, at(443), patience)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := check.FormatRow(found.TLS), "SSL3=yes;TLS10=no;TLS11=no"; got != want {
		t.Errorf("a server of SSL 3.0 alone = %q; want %q", got, want)
	}
	if got, want := check.FormatRow(found.Service), "Protocol=tls;Unclear=tls"; got != want {
		t.Errorf("its service = %q; want %q: nobody read its certificate", got, want)
	}
}

func TestWhatIsNoTLSIsUnclear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, serve := range map[string]func(net.Conn){
			"a page":            answers("HTTP/1.1 400 Bad Request\r\n\r\n"),
			"silence":           func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
			"one that hangs up": func(net.Conn) {},
			"half a hello":      answers("\x16\x03\x01\x00\x40\x02"),
			"a short alert":     answers("\x15\x03\x01"),
		} {
			found, err := Look(t.Context(), &peer{serve: serve}, at(443), patience)
			if err != nil {
				t.Fatal(err)
			}
			if got := check.FormatRow(found.Service); got != "Unclear=tls" || found.TLS != nil || found.Certificate != nil {
				t.Errorf("%s = %q, %v, %v; want Unclear=tls", name, got, found.TLS, found.Certificate)
			}
		}
	})
}

func TestWhatHidesAtAPortOfTLSIsNamed(t *testing.T) {
	for said, want := range map[string]string{
		"\xff\xfd\x18\xff\xfd\x20": "Protocol=telnet;Unclear=tls",
		"RFB 003.008\n":            "Protocol=vnc;Unclear=tls",
	} {
		serve := func(c net.Conn) {
			go func() { _, _ = io.Copy(io.Discard, c) }()
			_, _ = io.WriteString(c, said)
		}
		if got := look(t, 443, serve); got != want {
			t.Errorf("%q at 443 = %q; want %q", said, got, want)
		}
	}
}

func TestTheFirstMessageOfTLSIsOneSegment(t *testing.T) {
	most := 0
	serve := func(c net.Conn) {
		head := make([]byte, 5)
		if _, err := io.ReadFull(c, head); err == nil {
			most = max(most, 5+int(binary.BigEndian.Uint16(head[3:])))
		}
		_, _ = io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint16(head[3:])))
	}
	synctest.Test(t, func(t *testing.T) { look(t, 443, serve) })
	if most == 0 || most > 536 { // what every host must take in one piece (RFC 9293, 3.7.1)
		t.Errorf("the largest first message has %d bytes; want 536 or less", most)
	}
}

func TestCertificatesAreDescribed(t *testing.T) {
	now := time.Now()
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		cert tls.Certificate
		want string
	}{
		{"one of an authority", certificate(t, newKey(t), now.Add(-time.Hour), now.Add(29*24*time.Hour+time.Hour), false), "Subject=CN=nas1;DaysLeft=29;Key=ECDSA 256"},
		{"its own", certificate(t, newKey(t), now.Add(-time.Hour), now.Add(time.Hour), true), "Subject=CN=nas1;DaysLeft=0;SelfSigned=yes;Key=ECDSA 256"},
		{"one that has expired", certificate(t, newKey(t), now.Add(-2*time.Hour), now.Add(-time.Hour), true), "Subject=CN=nas1;Expired=yes;SelfSigned=yes;Key=ECDSA 256"},
		{"one of tomorrow", certificate(t, newKey(t), now.Add(time.Hour), now.Add(25*time.Hour), true), "Subject=CN=nas1;DaysLeft=1;NotYet=yes;SelfSigned=yes;Key=ECDSA 256"},
		{"a short key", certificate(t, short, now.Add(-time.Hour), now.Add(50*time.Hour), true), "Subject=CN=nas1;DaysLeft=2;SelfSigned=yes;Key=RSA 1024;Weak=yes"},
	} {
		p := startTLS(t, &tls.Config{Certificates: []tls.Certificate{test.cert}})
		found, err := Look(t.Context(), p, at(443), patience)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, check.FormatRow(found.Certificate)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestAWeakSignatureIsNamed(t *testing.T) {
	key := newKey(t)
	c := &x509.Certificate{
		RawIssuer: []byte("a"), RawSubject: []byte("b"), PublicKey: key.Public(), SignatureAlgorithm: x509.SHA1WithRSA,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(25 * time.Hour), Subject: pkix.Name{CommonName: strings.Repeat("x", 100)},
	}
	got := check.FormatRow(describe(c, time.Now()))
	if want := "Subject=CN=" + strings.Repeat("x", maxSubject-3) + ";DaysLeft=1;Key=ECDSA 256 signed by SHA1-RSA;Weak=yes"; got != want {
		t.Errorf("describe = %q; want %q", got, want)
	}
}

func FuzzServerHello(f *testing.F) {
	f.Add(hello30())
	f.Add([]byte("\x15\x03\x01\x00\x02\x02\x46"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, answer []byte) {
		wholeHello(answer)
		if version, err := parseServerHello(answer); err == nil && version>>8 != 3 {
			t.Errorf("parseServerHello = %x; want a version of TLS or an error", version)
		}
	})
}
