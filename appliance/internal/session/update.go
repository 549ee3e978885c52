package session

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/osiriscare/osiris/appliance/internal/update"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// Updates offers agents a newer program; *update.Update does.
type Updates interface {
	Check(ctx context.Context, agentID string, q *compliancev1.CheckUpdateRequest) (*compliancev1.CheckUpdateResponse, error)
	Fetch(ctx context.Context, q *compliancev1.FetchTargetRequest) (*compliancev1.FetchTargetResponse, error)
}

// fetchTime bounds an answer, waiting for its turn included.
const fetchTime = 25 * time.Second

// CheckUpdate says whether there is a newer program for the agent.
func (s *Server) CheckUpdate(ctx context.Context, in *compliancev1.CheckUpdateRequest) (*compliancev1.CheckUpdateResponse, error) {
	c, _, err := peerOf(ctx)
	if err != nil {
		return nil, err
	}
	if s.Updates == nil {
		return &compliancev1.CheckUpdateResponse{}, nil
	}
	out, err := s.Updates.Check(ctx, c.leaf.AgentID, in)
	if err != nil {
		return nil, s.updateEdge(ctx, "check update", err)
	}
	return out, nil
}

// FetchTarget gives a piece of it.
func (s *Server) FetchTarget(ctx context.Context, in *compliancev1.FetchTargetRequest) (*compliancev1.FetchTargetResponse, error) {
	if s.Updates == nil {
		return nil, status.Error(codes.NotFound, update.ErrUnknown.Error())
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	out, err := s.Updates.Fetch(ctx, in)
	if err != nil {
		return nil, s.updateEdge(ctx, "fetch target", err)
	}
	return out, nil
}

func (s *Server) updateEdge(ctx context.Context, call string, err error) error {
	if errors.Is(err, update.ErrUnknown) {
		return status.Error(codes.NotFound, update.ErrUnknown.Error())
	}
	return s.edge(ctx, call, err)
}
