package probe

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// oldVersions are those that are tried one by one, with the fields of their rows.
var oldVersions = [...]struct {
	field   string
	version uint16
}{{"SSL3", 0x0300}, {"TLS10", 0x0301}, {"TLS11", 0x0302}}

// lookTLS looks at the newest version and the certificate, and then whether old
// versions are offered: four connections, none of which ends a handshake.
func lookTLS(ctx context.Context, d Dialer, to netip.AddrPort, patience time.Duration) (Finding, error) {
	newest, leaf, said, err := certificateOf(ctx, d, to, patience)
	if err != nil {
		return Finding{}, err
	}
	row, spoke := check.Facts(nil), newest != ""
	for _, old := range oldVersions {
		offered, known, err := offers(ctx, d, to, old.version, patience)
		if err != nil {
			break // it answered a moment ago: what is not known is absent
		}
		if known {
			row.Add(old.field, yes(offered))
		}
		spoke = spoke || offered
	}
	if !spoke {
		service := greeting(said) // whatever port it hides at
		service.Add("Unclear", "tls")
		return Finding{Service: service}, nil
	}
	out := Finding{Service: check.Facts{{Name: "Protocol", Value: "tls"}}, TLS: row}
	if newest != "" {
		out.TLS.Add("Newest", newest)
	}
	if leaf != nil {
		out.Certificate = describe(leaf, time.Now())
	} else {
		out.Service.Add("Unclear", "tls")
	}
	return out, nil
}

// errEnough ends a handshake once the certificate has come.
var errEnough = errors.New("enough was seen")

// certificateOf begins a handshake and ends it when the server has shown its
// certificate. newest is "" when that went wrong, said is what came first; err is of
// connecting only. The first message must fit into one segment: with Go 1.26's own
// curves it has 1,511 bytes (2026-11-22), and there are devices that read no more.
func certificateOf(ctx context.Context, d Dialer, to netip.AddrPort, patience time.Duration) (newest string, leaf *x509.Certificate, said []byte, err error) {
	conn, err := d.Dial(ctx, to)
	if err != nil {
		return "", nil, nil, err
	}
	heard := &listener{Conn: conn}
	defer conn.Close() //nolint:errcheck // nothing was written that could be lost
	end(ctx, conn, patience)
	var suites []uint16
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		suites = append(suites, suite.ID)
	}
	client := tls.Client(heard, &tls.Config{
		InsecureSkipVerify: true, // who it is does not matter: nothing is told to it
		MinVersion:         tls.VersionTLS10,
		CipherSuites:       suites,
		CurvePreferences:   []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521},
		VerifyConnection: func(s tls.ConnectionState) error {
			newest = versionName(s.Version)
			if len(s.PeerCertificates) > 0 {
				leaf = s.PeerCertificates[0]
			}
			return errEnough
		},
	})
	_ = client.HandshakeContext(ctx) // errEnough, or what newest being "" says
	return newest, leaf, heard.first, nil
}

// listener keeps what a service says first.
type listener struct {
	net.Conn
	first []byte
}

// Read implements net.Conn.
func (l *listener) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if left := maxGreeting - len(l.first); left > 0 {
		l.first = append(l.first, p[:min(n, left)]...)
	}
	return n, err
}

func versionName(version uint16) string {
	const first = tls.VersionTLS10
	if version < first || version > tls.VersionTLS13 {
		return ""
	}
	return "1." + strconv.Itoa(int(version-first))
}

// offers tells whether a server chooses an old version when it is the newest that
// the client has. known is false when there was no answer.
func offers(ctx context.Context, d Dialer, to netip.AddrPort, version uint16, patience time.Duration) (offered, known bool, err error) {
	conn, err := d.Dial(ctx, to)
	if err != nil {
		return false, false, err
	}
	defer conn.Close() //nolint:errcheck // nothing was written that could be lost
	end(ctx, conn, patience)
	if _, err := conn.Write(clientHello(version)); err != nil {
		return false, false, nil
	}
	answer, ended := read(conn, maxAnswer, wholeHello)
	chosen, err := parseServerHello(answer)
	switch {
	case err == nil:
		return chosen == version, true, nil
	case errors.Is(err, errRefusal), ended && len(answer) == 0:
		return false, true, nil
	}
	return false, false, nil
}

// maxSubject bounds what a certificate says about itself.
const maxSubject = 64

// describe makes the row of a certificate.
func describe(c *x509.Certificate, now time.Time) check.Facts {
	var f check.Facts
	f.Add("Subject", printable(c.Subject.String(), maxSubject))
	switch left := c.NotAfter.Sub(now); {
	case left < 0:
		f.Add("Expired", "yes")
	default:
		f.Add("DaysLeft", strconv.FormatInt(int64(left/(24*time.Hour)), 10))
	}
	if now.Before(c.NotBefore) {
		f.Add("NotYet", "yes")
	}
	own := bytes.Equal(c.RawIssuer, c.RawSubject)
	if own {
		f.Add("SelfSigned", "yes")
	}
	key, weak := keyOf(c)
	if !own && weakSignature(c.SignatureAlgorithm) {
		key, weak = key+" signed by "+c.SignatureAlgorithm.String(), true
	}
	f.Add("Key", key)
	if weak {
		f.Add("Weak", "yes")
	}
	return f
}

// keyOf names a key, and tells whether it is below what NIST SP 800-131A allows.
func keyOf(c *x509.Certificate) (name string, weak bool) {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", key.N.BitLen()), key.N.BitLen() < 2048
	case *ecdsa.PublicKey:
		return fmt.Sprintf("ECDSA %d", key.Params().BitSize), key.Params().BitSize < 224
	case ed25519.PublicKey:
		return "Ed25519", false
	}
	return c.PublicKeyAlgorithm.String(), c.PublicKeyAlgorithm == x509.DSA
}

func weakSignature(a x509.SignatureAlgorithm) bool {
	switch a {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return true
	default:
		return false
	}
}

// printable keeps what can stand in a log line.
func printable(text string, most int) string {
	out := make([]rune, 0, most)
	for _, r := range text {
		if len(out) == most {
			break
		}
		if r >= ' ' && r < 0x7f {
			out = append(out, r)
		}
	}
	return string(out)
}
