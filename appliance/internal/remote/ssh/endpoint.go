package ssh

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
)

// Endpoint is where a host listens. It is comparable: equal endpoints share a
// connection.
type Endpoint struct {
	// Host is the name or address that is connected to.
	Host string
	// Port is 22 when it is 0.
	Port int
	// Pin is the SHA-256 of the host's key as the protocol carries it. When it is
	// set, it alone decides.
	Pin [32]byte
}

var hostName = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z._-]{0,252})$`)

func (e Endpoint) validate() error {
	if !hostName.MatchString(e.Host) && net.ParseIP(e.Host) == nil {
		return fmt.Errorf("host %.100q is no name and no address", e.Host)
	}
	if e.Port < 0 || e.Port > 65535 {
		return fmt.Errorf("port %d", e.Port)
	}
	return nil
}

func (e Endpoint) address() string {
	port := e.Port
	if port == 0 {
		port = 22
	}
	// "srv01." is the same host, and must not be one whose key is not known yet.
	return net.JoinHostPort(strings.ToLower(strings.TrimSuffix(e.Host, ".")), strconv.Itoa(port))
}
