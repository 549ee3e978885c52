// Package session serves agents on port 50051, and on 8443 those that HTTP/2
// does not reach (DESIGN D6-D8, D11, D25): gRPC over TLS 1.3 that asks for a certificate and classes each peer none,
// expired or valid; revoked ones do not get through the handshake. Methods are
// denied unless the class is named for them. Revocation is looked at again per
// call and, when a new trust document comes, on live streams.
//
// One stream per agent is the session; a new one supersedes the old, fenced by a
// generation number. A stream costs its handler's goroutine and nothing else:
// one loop watches them all, and what is sent is written by whoever has
// something to send, one at a time. Mailboxes are bounded, and an agent that
// does not read loses its connection, not our memory.
//
// Times are Unix milliseconds, sizes bytes. Errors reach agents as gRPC codes
// with a safe sentence; what we do not expect is "internal".
package session

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/osiriscare/osiris/appliance/internal/ca"
	"github.com/osiriscare/osiris/appliance/internal/enroll"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/intake"
	"github.com/osiriscare/osiris/appliance/internal/policy"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/proto/compliance/v1/compliancegrpc"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// Limits, stated once (D7). They hold for every agent alike.
const (
	maxMessage      = 256 << 10        // bytes of one gRPC message
	maxHeaders      = 8 << 10          // bytes of a header list
	maxStreams      = 16               // concurrent calls of one connection
	maxConns        = 20000            // connections: twice the fleet of DESIGN §11
	maxInFlight     = 128 << 10        // unacknowledged record bytes an agent may send
	maxIntakeBytes  = 64 << 20         // report bytes being committed, all agents together
	recordsPerSec   = 1000             // sustained, per agent
	recordsBurst    = 8000             // per agent: a queue that was offline for a while
	maxBoxMessages  = 64               // waiting for one agent
	maxBoxBytes     = 256 << 10        // waiting for one agent
	handshakeTime   = 10 * time.Second // TLS and HTTP/2 preface
	helloTime       = 10 * time.Second // from the stream's start to its Hello
	strangerTime    = time.Minute      // life of a connection that cannot hold a session: it enrols or renews
	idleTime        = 5 * time.Minute  // of a connection without a call
	pingsEvery      = 5 * time.Second  // agents send a PING every 15 s; more often than this is abuse
	sendTime        = 30 * time.Second // an agent that does not read for so long is cut off
	heartbeatEvery  = 30 * time.Second // asked of agents
	silence         = 100 * time.Second
	watchEvery      = time.Second
	drainTime       = 3 * time.Second // from Drain to the end of all connections
	registersPerSec = 20              // per source address: ECDSA checks cost 0.1 ms each
	registersBurst  = 200
)

// Opened is told that an agent has a new session, or none any more.
type Opened interface{ Wake() }

// Signatures is the newest list that recognises products; *signature.Holder is
// one.
type Signatures interface {
	Current() (version uint64, envelope *trustv1.SignedEnvelope)
	Changed() <-chan struct{} // closed at the next change after the call
}

// Deps is what a Server needs.
type Deps struct {
	CA     *ca.CA
	Enroll *enroll.Enroll
	Policy *policy.Holder
	Hosts  *host.Registry
	Intake *intake.Intake
	Store  *store.Store
	Opened Opened
	Table  *Table
	Log    *slog.Logger
	// Signatures may be nil: then agents get no list.
	Signatures Signatures
	// Updates may be nil: then agents are offered nothing.
	Updates Updates
}

// Server is the agent listener.
type Server struct {
	Deps
	compliancegrpc.UnimplementedComplianceAgentServer

	grpc      *grpc.Server
	intaking  *semaphore.Weighted
	callers   *callers // by address
	reporters *callers // by agent, of records outside sessions
}

// New makes the server; Serve starts it.
func New(d Deps) *Server {
	d.Log = d.Log.With("component", "session")
	s := &Server{
		Deps: d, intaking: semaphore.NewWeighted(maxIntakeBytes),
		callers: newCallers(registersPerSec, registersBurst), reporters: newCallers(recordsPerSec, recordsBurst),
	}
	s.grpc = grpc.NewServer(append(bounds(),
		grpc.Creds(&transport{server: s}),
		grpc.UnaryInterceptor(s.guardUnary),
		grpc.StreamInterceptor(s.guardStream),
	)...)
	compliancegrpc.RegisterComplianceAgentServer(s.grpc, s)
	return s
}

// bounds are the limits that grpc keeps for us.
func bounds() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ReadBufferSize(0),
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.MaxHeaderListSize(maxHeaders),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.ConnectionTimeout(handshakeTime),
		grpc.WaitForHandlers(true),
		// grpc-go's own rule allows a PING every 5 minutes and answers an agent's
		// with GOAWAY too_many_pings, which cut every idle session after a minute
		// (seen 2026-11-22).
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingsEvery, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: idleTime}),
	}
}

// Serve accepts agents on l until ctx ends, then tells them to come back later
// and closes every connection within drainTime.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	served := make(chan error, 1)
	go func() { served <- s.grpc.Serve(limited(l, places())) }()
	watching, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		s.watch(watching)
	}()
	var err error
	select {
	case <-ctx.Done():
		s.drain(context.WithoutCancel(ctx))
	case err = <-served:
	}
	stop()
	<-watched
	s.grpc.Stop()
	if errors.Is(err, grpc.ErrServerStopped) {
		err = nil
	}
	return err
}
