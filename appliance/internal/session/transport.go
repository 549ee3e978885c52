package session

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc/credentials"

	"github.com/osiriscare/osiris/appliance/internal/ca"
)

// transport is the TLS side of the gRPC server.
type transport struct {
	server *Server
	once   sync.Once
	config *tls.Config
}

// setup makes the one config of the server. Session tickets are made by it, so
// it is not cloned per connection.
func (t *transport) setup() {
	t.config = t.server.tlsConfig("h2")
}

// tlsConfig is that of a port for agents.
func (s *Server) tlsConfig(protocol string) *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS13,
		NextProtos:     []string{protocol},
		GetCertificate: s.CA.Server,
		ClientAuth:     tls.RequestClientCert,
		// VerifyConnection runs on resumption too, VerifyPeerCertificate does not
		// (crypto/tls, go1.26): a revoked agent must not come back by a ticket.
		VerifyConnection: s.verify,
	}
}

// verify lets through who may at least try a method.
func (s *Server) verify(state tls.ConnectionState) error {
	_, _, err := s.judge(state.PeerCertificates)
	return err
}

// ServerHandshake is grpc's hook for a new connection.
func (t *transport) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	t.once.Do(t.setup)
	conn := tls.Server(raw, t.config)
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTime)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("shaking hands with %s: %w", raw.RemoteAddr(), err), raw.Close())
	}
	state := conn.ConnectionState()
	if state.NegotiatedProtocol != "h2" {
		return nil, nil, errors.Join(fmt.Errorf("shaking hands with %s: it does not speak h2", raw.RemoteAddr()), conn.Close())
	}
	peer := &connected{tls: conn}
	peer.SecurityLevel = credentials.PrivacyAndIntegrity
	class, leaf, _ := t.server.judge(state.PeerCertificates) // revoked ones did not get this far
	peer.leaf = leaf
	if class != ca.Valid {
		return brief(conn, strangerTime), peer, nil
	}
	return conn, peer, nil
}

// ClientHandshake is not what this side does.
func (t *transport) ClientHandshake(context.Context, string, net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, errors.New("the appliance's transport is for servers")
}

// Info is grpc's description.
func (t *transport) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "tls"}
}

// Clone shares: there is one config.
func (t *transport) Clone() credentials.TransportCredentials { return t }

// OverrideServerName is for clients.
func (t *transport) OverrideServerName(string) error {
	return errors.New("the appliance's transport is for servers")
}
