package winrm

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
)

// Endpoint is where a host listens, and what is asked of the connection. It is
// comparable: equal endpoints share connections and take turns, so a site's CAs
// must be one pool, not an equal one each time.
type Endpoint struct {
	// Host is the name or address that is connected to.
	Host string
	// Port is 5986, or 5985 with HTTP, when it is 0.
	Port int
	// Name is the host's name in its certificate and to the KDC; Host when empty.
	Name string
	// HTTP means no TLS. Every message is then sealed.
	HTTP bool
	// CAs judge the certificate; the system's when nil.
	CAs *x509.CertPool
	// Pin is the SHA-256 of the certificate's public key. When it is set, it
	// alone decides.
	Pin [32]byte
	// AllowBasic lets a password travel as it is. A site must have said so.
	AllowBasic bool
	// AllowPlain lets Basic go without TLS, and messages unsealed. A site must
	// have said so.
	AllowPlain bool
}

var hostName = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z._-]{0,252})$`)

func (e Endpoint) validate() error {
	for _, name := range []string{e.Host, e.name()} {
		if !hostName.MatchString(name) && net.ParseIP(name) == nil {
			return fmt.Errorf("host %.100q is no name and no address", name)
		}
	}
	if e.Port < 0 || e.Port > 65535 {
		return fmt.Errorf("port %d", e.Port)
	}
	if e.AllowPlain && !e.AllowBasic {
		return errors.New("plain text is for basic authentication only: the others seal")
	}
	return nil
}

func (e Endpoint) name() string {
	if e.Name != "" {
		return e.Name
	}
	return e.Host
}

func (e Endpoint) address() string {
	port := e.Port
	switch {
	case port != 0:
	case e.HTTP:
		port = 5985
	default:
		port = 5986
	}
	return net.JoinHostPort(e.Host, strconv.Itoa(port))
}

func (e Endpoint) url() string {
	if e.HTTP {
		return "http://" + e.address() + path
	}
	return "https://" + e.address() + path
}

// service is the host's name to NTLM and to the KDC. Windows registers HOST,
// which HTTP stands for.
func (e Endpoint) service() string { return "HTTP/" + e.name() }
