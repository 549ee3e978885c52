package winrm

import (
	"context"
	"crypto"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
)

// secure does the TLS handshake and returns the channel's bindings.
func secure(ctx context.Context, nc net.Conn, e Endpoint, c Credential) (*tls.Conn, []byte, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: e.name(), RootCAs: e.CAs}
	if e.Pin != [32]byte{} {
		cfg.InsecureSkipVerify = true // VerifyConnection judges, by the pinned key
		cfg.VerifyConnection = func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 {
				return errors.New("no certificate")
			}
			if got := spki(s.PeerCertificates[0]); got != e.Pin {
				return &Untrusted{got, errors.New("it is not the pinned one")}
			}
			return nil
		}
	}
	if c.Method == Certificate {
		cfg.Certificates = []tls.Certificate{*c.Certificate}
		// http.sys asks for the certificate once it has seen the request: by
		// renegotiation, or in TLS 1.3 by a message that crypto/tls, as of Go
		// 1.26, does not answer.
		cfg.Renegotiation = tls.RenegotiateOnceAsClient
		cfg.MaxVersion = tls.VersionTLS12
	}
	t := tls.Client(nc, cfg)
	if err := t.HandshakeContext(ctx); err != nil {
		var u *Untrusted
		var v *tls.CertificateVerificationError
		switch {
		case errors.As(err, &u):
			return nil, nil, u
		case errors.As(err, &v) && len(v.UnverifiedCertificates) > 0:
			return nil, nil, &Untrusted{spki(v.UnverifiedCertificates[0]), v.Err}
		}
		return nil, nil, fmt.Errorf("doing the tls handshake: %w", err)
	}
	return t, bindings(t.ConnectionState().PeerCertificates[0]), nil
}

func spki(c *x509.Certificate) [32]byte { return sha256.Sum256(c.RawSubjectPublicKeyInfo) }

// bindings ties an authentication to the channel it runs in: the MD5 sum of
// gss_channel_bindings (RFC 4121 4.1.1.2) with tls-server-end-point (RFC 5929).
func bindings(c *x509.Certificate) []byte {
	data := append([]byte("tls-server-end-point:"), certificateHash(c)...)
	b := binary.LittleEndian.AppendUint32(make([]byte, 16), uint32(len(data))) // no addresses
	sum := md5.Sum(append(b, data...))
	return sum[:]
}

// certificateHash is by the hash of the signature, or SHA-256 where that is
// MD5 or SHA-1, or none.
func certificateHash(c *x509.Certificate) []byte {
	h := crypto.SHA256
	switch c.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		h = crypto.SHA384
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		h = crypto.SHA512
	default:
	}
	switch h {
	case crypto.SHA384:
		sum := sha512.Sum384(c.Raw)
		return sum[:]
	case crypto.SHA512:
		sum := sha512.Sum512(c.Raw)
		return sum[:]
	default:
		sum := sha256.Sum256(c.Raw)
		return sum[:]
	}
}
