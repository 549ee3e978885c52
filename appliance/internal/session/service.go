package session

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/osiriscare/osiris/appliance/internal/ca"
	"github.com/osiriscare/osiris/appliance/internal/enroll"
	"github.com/osiriscare/osiris/appliance/internal/intake"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// Register enrols a machine that has no certificate yet.
func (s *Server) Register(ctx context.Context, in *compliancev1.RegisterRequest) (*compliancev1.RegisterResponse, error) {
	c, addr, err := peerOf(ctx)
	if err != nil {
		return nil, err
	}
	if !s.callers.allow(addr) {
		return nil, status.Error(codes.ResourceExhausted, "too many enrolments from this address; try again in a minute")
	}
	exporter, err := c.exporter()
	if err != nil {
		return nil, s.edge(ctx, "register", err)
	}
	out, err := s.Enroll.Register(ctx, exporter, in)
	if err != nil {
		return nil, s.edge(ctx, "register", err)
	}
	return out, nil
}

// Renew gives the peer its next certificate.
func (s *Server) Renew(ctx context.Context, in *compliancev1.RenewRequest) (*compliancev1.RenewResponse, error) {
	c, _, err := peerOf(ctx)
	if err != nil {
		return nil, err
	}
	exporter, err := c.exporter()
	if err != nil {
		return nil, s.edge(ctx, "renew", err)
	}
	class, leaf, err := s.class(c)
	if err != nil {
		return nil, status.Error(codes.PermissionDenied, err.Error())
	}
	out, err := s.Enroll.Renew(ctx, leaf, class == ca.Expired, exporter, in)
	if err != nil {
		return nil, s.edge(ctx, "renew", err)
	}
	return out, nil
}

// ReportDrift is one batch without a session (D4).
func (s *Server) ReportDrift(ctx context.Context, in *compliancev1.ReportDriftRequest) (*compliancev1.ReportDriftResponse, error) {
	c, _, err := peerOf(ctx)
	if err != nil {
		return nil, err
	}
	st := newStream(c, nil)
	welcome, err := s.greet(ctx, st, in.GetHello())
	if err != nil {
		return nil, err
	}
	st.limiter = s.reporters.limiter(st.agentID)
	s.Hosts.Describe(st.agentID, in.GetHello().GetHost(), time.Now().UnixMilli())
	through := welcome.GetAckedThrough()
	if in.GetReport() != nil { // else a sign of life
		if through, err = s.take(ctx, st, in.GetReport()); err != nil {
			return nil, err
		}
	}
	return &compliancev1.ReportDriftResponse{Welcome: welcome, Ack: &compliancev1.Ack{QueueId: st.queueID, Through: through}}, nil
}

// edge turns an error into what a stranger may know; what is unexpected is
// logged here, because it goes no further.
func (s *Server) edge(ctx context.Context, call string, err error) error {
	code := codes.Internal
	switch {
	case errors.Is(err, enroll.ErrToken), errors.Is(err, enroll.ErrProof), errors.Is(err, enroll.ErrClone),
		errors.Is(err, enroll.ErrExpired), errors.Is(err, enroll.ErrRevoked):
		code = codes.PermissionDenied
	case errors.Is(err, enroll.ErrKey), errors.Is(err, intake.ErrMalformed):
		code = codes.InvalidArgument
	case errors.Is(err, intake.ErrUnknownAgent):
		code = codes.Unauthenticated
	case ctx.Err() != nil:
		return status.FromContextError(ctx.Err()).Err()
	default:
		s.Log.ErrorContext(ctx, "call went wrong", "call", call, "error", err)
		return status.Error(code, "internal error")
	}
	s.Log.WarnContext(ctx, "call refused", "call", call, "error", err)
	return status.Error(code, err.Error())
}
