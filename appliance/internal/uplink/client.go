package uplink

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"connectrpc.com/connect"

	"github.com/osiriscare/osiris/appliance/internal/identity"
	"github.com/osiriscare/osiris/proto/central/v1/centralv1connect"
)

// maxAnswer bounds what Central may send: refilled entries are the largest.
const maxAnswer = 8 << 20

// newClient makes a client that believes the pinned CA and nobody else. current
// may give nil: before the claim there is no certificate.
func newClient(p identity.Provision, current func() *identity.Identity) (centralv1connect.ApplianceServiceClient, error) {
	pin, err := p.Pin()
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(p.CentralURL)
	if err != nil {
		return nil, fmt.Errorf("reading central_url: %w", err)
	}
	config := &tls.Config{
		MinVersion: tls.VersionTLS13,
		ServerName: address.Hostname(),
		// The chain is verified below against the pin, not against the system's
		// roots.
		InsecureSkipVerify: true, //nolint:gosec // see VerifyConnection
		VerifyConnection: func(state tls.ConnectionState) error {
			return verifyPinned(state.PeerCertificates, pin, address.Hostname(), time.Now())
		},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			i := current()
			if i == nil {
				return &tls.Certificate{}, nil
			}
			chain := append([][]byte{i.Claim.GetTlsCertificate()}, i.Claim.GetTlsChain()...)
			return &tls.Certificate{Certificate: chain, PrivateKey: i.TLS}, nil
		},
	}
	transport := &renewing{
		current: func() []byte {
			if i := current(); i != nil {
				return i.Claim.GetTlsCertificate()
			}
			return nil
		},
		make: func() *http.Transport {
			return &http.Transport{
				TLSClientConfig: config, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second,
				MaxIdleConns: 2, IdleConnTimeout: 2 * time.Minute,
				HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 10 * time.Second},
			}
		},
	}
	client := &http.Client{Transport: transport, Timeout: callTime}
	return centralv1connect.NewApplianceServiceClient(client, p.CentralURL, connect.WithReadMaxBytes(maxAnswer)), nil
}

// verifyPinned accepts a chain that ends in a certificate with the pinned key.
func verifyPinned(certs []*x509.Certificate, pin [32]byte, host string, now time.Time) error {
	if len(certs) == 0 {
		return errors.New("verifying central: it sent no certificate")
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	found := false
	for _, c := range certs {
		if sha256.Sum256(c.RawSubjectPublicKeyInfo) == pin {
			roots.AddCert(c)
			found = true
			continue
		}
		between.AddCert(c)
	}
	if !found {
		return errors.New("verifying central: its certificate is not under the pinned key; was the appliance provisioned by another Central?")
	}
	_, err := certs[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, DNSName: host, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return fmt.Errorf("verifying central: %w", err)
	}
	return nil
}
