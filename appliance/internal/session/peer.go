package session

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/osiriscare/osiris/appliance/internal/ca"
	"github.com/osiriscare/osiris/appliance/internal/enroll"
)

// connected is a peer after its handshake.
type connected struct {
	credentials.CommonAuthInfo
	tls  *tls.Conn
	leaf ca.Leaf
}

// AuthType is grpc's name for how a peer proved itself.
func (c *connected) AuthType() string { return "tls" }

// close ends the connection and with it every stream on it.
func (c *connected) close() { _ = c.tls.NetConn().Close() } // its reader reports

// certificate is the peer's own, DER; it has one.
func (c *connected) certificate() []byte {
	return c.tls.ConnectionState().PeerCertificates[0].Raw
}

func peerOf(ctx context.Context) (*connected, net.Addr, error) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil, nil, status.Error(codes.Internal, "internal error")
	}
	c, ok := p.AuthInfo.(*connected)
	if !ok {
		return nil, nil, status.Error(codes.Internal, "internal error")
	}
	return c, p.Addr, nil
}

// exporter is the value that proofs of possession are bound to.
func (c *connected) exporter() ([]byte, error) {
	state := c.tls.ConnectionState()
	return state.ExportKeyingMaterial(enroll.ExporterLabel, nil, enroll.ExporterLength)
}

// errRevoked ends a handshake.
var errRevoked = errors.New("the agent or its certificate is revoked")

// class judges the peer now: a connection can outlive its certificate.
func (s *Server) class(c *connected) (ca.Class, ca.Leaf, error) {
	return s.judge(c.tls.ConnectionState().PeerCertificates)
}

// judge classes what a peer shows, and asks whether it was revoked: the agent,
// its certificate, or the other appliance that issued it.
func (s *Server) judge(certs []*x509.Certificate) (ca.Class, ca.Leaf, error) {
	current := s.Policy.Current()
	class, leaf := s.CA.Classify(certs, time.Now(), current.SiteRoots())
	if class == ca.None {
		return class, leaf, nil
	}
	if current.Revoked(leaf.AgentID, leaf.Serial) || leaf.Issuer != nil && current.Revoked("", leaf.Issuer) {
		return class, leaf, errRevoked
	}
	return class, leaf, nil
}
