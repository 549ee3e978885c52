package script

import (
	"net"
	"strconv"
)

// Ports that a credential's limit need not name: what listens there needs
// privileges, and the road is encrypted.
const (
	sshPort   = 22
	httpsPort = 5986
	httpPort  = 5985
)

// place is where the target's credential goes, as the limit of a credential is
// judged: the host, and its port unless it is the usual one of an encrypted road.
// Without TLS the port is always named, so that the limit must say so.
func (t Target) place() string {
	usual := httpsPort
	switch {
	case t.Kind.Platform() == "linux":
		usual = sshPort
	case t.HTTP:
		usual = httpPort
	}
	port := t.Port
	if port == 0 {
		port = usual
	}
	if port == usual && usual != httpPort {
		return t.Host
	}
	return net.JoinHostPort(t.Host, strconv.Itoa(port))
}
