package server

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/osiriscare/osiris/central/internal/ca"
	"github.com/osiriscare/osiris/central/internal/keyring"
)

// UseTLS makes the server speak TLS for the host of publicURL and for this
// computer's own names.
func (s *Server) UseTLS(keys *keyring.Keyring, publicURL string) error {
	u, err := url.Parse(publicURL)
	if err != nil {
		return fmt.Errorf("reading public_url: %w", err)
	}
	hosts := []string{u.Hostname(), "localhost", "127.0.0.1", "::1"}
	if host, _, err := net.SplitHostPort(s.listen); err == nil && host != "" {
		hosts = append(hosts, host)
	}
	slices.Sort(hosts)
	own := &certificate{authority: keys.TLS, hosts: slices.Compact(hosts)}
	if _, err := own.get(nil); err != nil {
		return err
	}
	clients := x509.NewCertPool()
	clients.AddCert(keys.Appliances.Certificate)
	s.http.TLSConfig = &tls.Config{
		MinVersion:     tls.VersionTLS13,
		GetCertificate: own.get,
		// A claim comes without a certificate; a wrong or expired one ends here.
		ClientAuth: tls.VerifyClientCertIfGiven,
		ClientCAs:  clients,
		// A resumed session would carry on a certificate that has expired since.
		SessionTicketsDisabled: true,
	}
	return nil
}

// certificate is the server's own, made again at half of its life. Its key
// lives in memory only: peers pin the authority.
type certificate struct {
	authority *ca.Authority
	hosts     []string
	mu        sync.Mutex
	held      *tls.Certificate
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held != nil && !ca.HalfOver(c.held.Certificate[0], time.Now()) {
		return c.held, nil
	}
	next, err := c.authority.Server(c.hosts)
	if err != nil {
		return nil, err
	}
	c.held = &next
	return c.held, nil
}
