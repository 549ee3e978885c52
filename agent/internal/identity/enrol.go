package identity

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
	"github.com/osiriscare/osiris/agent/internal/grpcwire"
	"github.com/osiriscare/osiris/agent/internal/wire"
)

// Full names of the calls.
const (
	registerMethod = "/compliance.v1.ComplianceAgent/Register"
	renewMethod    = "/compliance.v1.ComplianceAgent/Renew"
)

// Caller is a connection to the appliance; *grpcwire.Conn is one.
type Caller interface {
	TLS() *tls.Conn
	Invoke(ctx context.Context, method string, request []byte, md ...grpcwire.Header) ([]byte, error)
}

// Register trades a token for a certificate and keeps it. The caller takes
// trust and policy out of the answer. It may be repeated: the same token with
// the same key gets the same answer.
func (i *Identity) Register(ctx context.Context, c Caller, token string, host *wire.HostFacts) (*wire.RegisterResponse, error) {
	i.mu.Lock()
	key, pin := i.key, i.pin
	i.mu.Unlock()
	public, proof, err := key.prove("osiris register v1", []byte(token), c.TLS())
	if err != nil {
		return nil, err
	}
	request := &wire.RegisterRequest{Token: token, PublicKey: public, Proof: proof, Host: wire.Encode(host)}
	answer := &wire.RegisterResponse{}
	err = call(ctx, c, registerMethod, request, answer)
	if err == nil {
		err = i.store(key, answer.AgentID, answer.Certificate, answer.Chain)
	}
	if err == nil && i.anew {
		// A crash before the last of these leaves what Open mends, or, at another
		// site, what enrolling again does.
		if err = i.keep(anewKeyFile); err == nil {
			err = errors.Join(i.writePin(pin), atomicfile.Remove(i.path(nextKeyFile)))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("registering: %w", err)
	}
	return answer, nil
}

// Renew gets the next certificate, for a new key, and keeps both. The key is on
// disk before it is sent, so that a repeated request is the same one, which the
// appliance answers again; another key for the same certificate would be a clone
// to it. Quarantined means that the appliance lets this agent only monitor.
func (i *Identity) Renew(ctx context.Context, c Caller) (quarantined bool, err error) {
	i.mu.Lock()
	leaf, agentID := i.leaf, i.agentID
	i.mu.Unlock()
	if leaf == nil {
		return false, ErrNotEnrolled
	}
	key, err := loadKey(i.path(nextKeyFile))
	if err != nil {
		return false, err
	}
	public, proof, err := key.prove("osiris renew v1", leaf.Raw, c.TLS())
	if err != nil {
		return false, err
	}
	answer := &wire.RenewResponse{}
	err = call(ctx, c, renewMethod, &wire.RenewRequest{PublicKey: public, Proof: proof}, answer)
	if err == nil {
		err = i.store(key, agentID, answer.Certificate, answer.Chain)
	}
	if err == nil {
		err = i.keep(nextKeyFile)
	}
	if err != nil {
		return false, fmt.Errorf("renewing: %w", err)
	}
	return answer.Quarantined, nil
}

func call(ctx context.Context, c Caller, method string, request, answer wire.Message) error {
	body, err := c.Invoke(ctx, method, wire.Encode(request))
	if err != nil {
		return err
	}
	return wire.Decode(body, answer)
}
