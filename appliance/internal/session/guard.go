package session

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/osiriscare/osiris/appliance/internal/ca"
	"github.com/osiriscare/osiris/proto/compliance/v1/compliancegrpc"
)

// allowed names who may call what; all else is denied (D11).
var allowed = map[string][]ca.Class{
	compliancegrpc.ComplianceAgent_Register_FullMethodName:    {ca.None},
	compliancegrpc.ComplianceAgent_Renew_FullMethodName:       {ca.Valid, ca.Expired},
	compliancegrpc.ComplianceAgent_Connect_FullMethodName:     {ca.Valid},
	compliancegrpc.ComplianceAgent_ReportDrift_FullMethodName: {ca.Valid},
	compliancegrpc.ComplianceAgent_CheckUpdate_FullMethodName: {ca.Valid},
	compliancegrpc.ComplianceAgent_FetchTarget_FullMethodName: {ca.Valid},
}

// errCopy ends what a copied machine tries once a person has decided for the
// other one.
var errCopy = errors.New("this agent has a newer certificate, which another machine may hold; enrol again")

// guard decides on one call.
func (s *Server) guard(ctx context.Context, method string) error {
	c, _, err := peerOf(ctx)
	if err != nil {
		return err
	}
	class, leaf, err := s.class(c)
	if err != nil {
		c.close()
		return status.Error(codes.PermissionDenied, err.Error())
	}
	if class == ca.Valid && method != compliancegrpc.ComplianceAgent_Renew_FullMethodName && !s.Enroll.Admits(leaf.AgentID, leaf.Serial) {
		return status.Error(codes.PermissionDenied, errCopy.Error())
	}
	if slices.Contains(allowed[method], class) {
		if class == ca.None || s.Enroll.Known(leaf.AgentID) {
			return nil
		}
		// Certified by this appliance and not known to its store: that was restored
		// from an older copy.
		if err := s.Enroll.Readmit(ctx, leaf, c.certificate()); err != nil {
			return s.edge(ctx, "readmit", err)
		}
		return nil
	}
	switch class {
	case ca.None:
		return status.Error(codes.Unauthenticated, "a client certificate of this site is needed")
	case ca.Expired:
		return status.Error(codes.PermissionDenied, "the certificate has expired; only Renew may be called")
	case ca.Valid:
	}
	return status.Error(codes.PermissionDenied, "this call is not for agents that are enrolled")
}

func (s *Server) guardUnary(ctx context.Context, in any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if err := s.guard(ctx, info.FullMethod); err != nil {
		return nil, err
	}
	return handler(ctx, in)
}

func (s *Server) guardStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if err := s.guard(stream.Context(), info.FullMethod); err != nil {
		return err
	}
	return handler(srv, stream)
}
