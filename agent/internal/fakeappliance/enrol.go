package fakeappliance

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

func tlsState(ctx context.Context) (*tls.ConnectionState, error) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil, errors.New("no peer")
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok {
		return nil, errors.New("no TLS")
	}
	return &info.State, nil
}

// verifyProof checks a proof of possession by compliance.proto's words, from
// scratch.
func verifyProof(ctx context.Context, purpose string, subject, public, proof []byte) (*ecdsa.PublicKey, error) {
	state, err := tlsState(ctx)
	if err != nil {
		return nil, err
	}
	exporter, err := state.ExportKeyingMaterial("EXPORTER-osiris-register", nil, 32)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(subject)
	h := sha256.New()
	h.Write([]byte(purpose))
	h.Write([]byte{0})
	h.Write(hash[:])
	h.Write(exporter)
	h.Write(public)
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), public)
	if err != nil {
		return nil, err
	}
	if !ecdsa.VerifyASN1(key, h.Sum(nil), proof) {
		return nil, errors.New("the proof does not verify")
	}
	return key, nil
}

// Register enrols with Token.
func (a *Appliance) Register(ctx context.Context, r *compliancev1.RegisterRequest) (*compliancev1.RegisterResponse, error) {
	if r.Token != Token {
		return nil, status.Error(codes.PermissionDenied, "the token is not known or used up")
	}
	key, err := verifyProof(ctx, "osiris register v1", []byte(r.Token), r.PublicKey, r.Proof)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	leaf, chain, err := a.agentCertificate(key, time.Now().Add(-time.Minute))
	if err != nil {
		return nil, err
	}
	return &compliancev1.RegisterResponse{
		AgentId: AgentID, Certificate: leaf, Chain: chain, Trust: a.Chain(), Policy: a.PolicyEnvelope(),
	}, nil
}

// Renew gives the next certificate.
func (a *Appliance) Renew(ctx context.Context, r *compliancev1.RenewRequest) (*compliancev1.RenewResponse, error) {
	_, old, err := a.agentOf(ctx)
	if err != nil {
		return nil, status.Error(codes.Unauthenticated, err.Error())
	}
	key, err := verifyProof(ctx, "osiris renew v1", old.Raw, r.PublicKey, r.Proof)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	leaf, chain, err := a.agentCertificate(key, time.Now().Add(-time.Minute))
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.renewals++
	a.touch()
	return &compliancev1.RenewResponse{Certificate: leaf, Chain: chain}, nil
}
