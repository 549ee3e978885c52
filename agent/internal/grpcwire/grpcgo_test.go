package grpcwire_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	"github.com/osiriscare/osiris/agent/internal/grpcwire"
)

const (
	unaryMethod  = "/grpc.testing.TestService/UnaryCall"
	duplexMethod = "/grpc.testing.TestService/FullDuplexCall"
)

func client(c *grpcwire.Conn) testgrpc.TestServiceClient {
	return testgrpc.NewTestServiceClient(channel{c})
}

func payload(n int) *testgrpc.Payload {
	return &testgrpc.Payload{Body: bytes.Repeat([]byte{'x'}, n)}
}

func TestTwoHundredParallelUnaryCallsShareOneConnection(t *testing.T) {
	noLeaks(t)
	_, cfg := serve(t, grpc.MaxConcurrentStreams(50)) // more than that wait their turn
	c := dial(t, cfg)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			want := 200<<10 + i
			r, err := client(c).UnaryCall(t.Context(), &testgrpc.SimpleRequest{ResponseSize: int32(want), Payload: payload(i * 100)})
			if got := len(r.GetPayload().GetBody()); err != nil || got != want {
				t.Errorf("call %d = %d bytes, %v; want %d, nil", i, got, err, want)
			}
		})
	}
	wg.Wait()
	if err := c.Err(); err != nil {
		t.Errorf("Err() = %v; want nil", err)
	}
}

func TestHundredKilobyteMessagesGoBothWaysOnOneStream(t *testing.T) {
	noLeaks(t)
	_, cfg := serve(t)
	c := dial(t, cfg)
	const n, up, down = 300, 100 << 10, 100<<10 + 1
	s, err := client(c).FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range n {
			if err := s.Send(&testgrpc.StreamingOutputCallRequest{
				ResponseParameters: []*testgrpc.ResponseParameters{{Size: down}}, Payload: payload(up),
			}); err != nil {
				t.Errorf("Send %d = %v", i, err)
				return
			}
		}
		if err := s.CloseSend(); err != nil {
			t.Error(err)
		}
	})
	got := 0
	for {
		r, err := s.Recv()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Errorf("Recv = %v; want EOF", err)
			}
			break
		}
		if len(r.GetPayload().GetBody()) == down {
			got++
		}
	}
	wg.Wait()
	if got != n {
		t.Errorf("received %d whole messages; want %d", got, n)
	}
}

func TestGracefulStopLetsRunningCallsFinishAndRefusesNewOnes(t *testing.T) {
	noLeaks(t)
	srv, cfg := serve(t)
	c := dial(t, cfg)
	s, err := client(c).FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	echo := func() {
		t.Helper()
		if err := s.Send(&testgrpc.StreamingOutputCallRequest{ResponseParameters: []*testgrpc.ResponseParameters{{Size: 10}}}); err != nil {
			t.Fatalf("Send = %v", err)
		}
		if _, err := s.Recv(); err != nil {
			t.Fatalf("Recv = %v", err)
		}
	}
	echo()
	stopped := make(chan struct{})
	go func() { srv.GracefulStop(); close(stopped) }()
	for { // until the GOAWAY is here
		st, err := c.Open(t.Context(), duplexMethod)
		if err != nil {
			if grpcwire.Code(err) != grpcwire.Unavailable {
				t.Fatalf("Open after GOAWAY = %v; want status %d", err, grpcwire.Unavailable)
			}
			break
		}
		st.Cancel()
	}
	echo()
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("last Recv = %v; want EOF", err)
	}
	<-c.Done()
	if _, ok := errors.AsType[*grpcwire.GoAwayError](c.Err()); !ok {
		t.Errorf("Err() = %v; want a GoAwayError", c.Err())
	}
	<-stopped
}

// bubble runs grpc-go's server and our client inside one synctest bubble, where
// time is free and a hang or a leaked goroutine fails the test.
func bubble(t *testing.T, cfg grpcwire.Config, opts []grpc.ServerOption, run func(*testing.T, *grpcwire.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := grpc.NewServer(append(opts, permissive)...)
		testgrpc.RegisterTestServiceServer(srv, interop.NewTestServer())
		l := bufconn.Listen(1 << 20)
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := srv.Serve(l); err != nil {
				t.Errorf("serving: %v", err)
			}
		})
		nc, err := l.DialContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c, err := grpcwire.NewConn(t.Context(), nc, cfg)
		if err != nil {
			t.Fatal(err)
		}
		run(t, c)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		srv.Stop()
		wg.Wait()
	})
}

func TestMaxConnectionAgeEndsTheConnectionWithGoAway(t *testing.T) {
	age := grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: time.Minute, MaxConnectionAgeGrace: time.Hour})
	bubble(t, grpcwire.Config{}, []grpc.ServerOption{age}, func(t *testing.T, c *grpcwire.Conn) {
		s, err := c.Open(t.Context(), duplexMethod)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if _, err := c.Open(t.Context(), duplexMethod); grpcwire.Code(err) != grpcwire.Unavailable {
			t.Errorf("Open after the age = %v; want status %d", err, grpcwire.Unavailable)
		}
		if err := s.CloseSend(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := s.Recv(t.Context()); !errors.Is(err, io.EOF) {
			t.Errorf("Recv on the running call = %v; want EOF", err)
		}
		<-c.Done()
		if _, ok := errors.AsType[*grpcwire.GoAwayError](c.Err()); !ok {
			t.Errorf("Err() = %v; want a GoAwayError", c.Err())
		}
	})
}

// permissive is what a grpc-go server of ours must set for our PINGs.
var permissive = grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true})

func TestAnIdleConnectionLivesOnPingsFromBothSides(t *testing.T) {
	pings := grpc.KeepaliveParams(keepalive.ServerParameters{Time: 20 * time.Second, Timeout: 5 * time.Second})
	bubble(t, grpcwire.Config{}, []grpc.ServerOption{pings}, func(t *testing.T, c *grpcwire.Conn) {
		time.Sleep(24 * time.Hour)
		if err := c.Ping(t.Context()); err != nil {
			t.Errorf("Ping after a day = %v; want nil", err)
		}
		if _, err := client(c).EmptyCall(t.Context(), &testgrpc.Empty{}); err != nil {
			t.Errorf("EmptyCall after a day = %v; want nil", err)
		}
	})
}

func TestAnUnreadStreamStallsOnlyItself(t *testing.T) {
	bubble(t, grpcwire.Config{}, nil, func(t *testing.T, c *grpcwire.Conn) {
		s, err := client(c).StreamingOutputCall(t.Context(), &testgrpc.StreamingOutputCallRequest{
			ResponseParameters: []*testgrpc.ResponseParameters{{Size: 900 << 10}, {Size: 900 << 10}},
		})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the server has filled the window
		for i := range 20 {
			if _, err := client(c).UnaryCall(t.Context(), &testgrpc.SimpleRequest{ResponseSize: 300 << 10}); err != nil {
				t.Errorf("call %d beside a stalled stream = %v; want nil", i, err)
			}
		}
		for range 2 {
			if r, err := s.Recv(); err != nil || len(r.GetPayload().GetBody()) != 900<<10 {
				t.Errorf("Recv = %d bytes, %v; want 900 KB", len(r.GetPayload().GetBody()), err)
			}
		}
	})
}

func TestAServerThatDoesNotReadStopsSendUntilItsContextEnds(t *testing.T) {
	stuck := grpc.StreamInterceptor(func(_ any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, _ grpc.StreamHandler) error {
		<-ss.Context().Done()
		return nil
	})
	bubble(t, grpcwire.Config{}, []grpc.ServerOption{stuck}, func(t *testing.T, c *grpcwire.Conn) {
		s, err := c.Open(t.Context(), duplexMethod)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for err == nil {
			err = s.Send(ctx, make([]byte, 50<<10))
		}
		if grpcwire.Code(err) != grpcwire.DeadlineExceeded {
			t.Errorf("Send = %v; want status %d", err, grpcwire.DeadlineExceeded)
		}
		if _, err := s.Recv(t.Context()); grpcwire.Code(err) != grpcwire.DeadlineExceeded {
			t.Errorf("Recv after half a message = %v; want status %d", err, grpcwire.DeadlineExceeded)
		}
		if _, err := client(c).EmptyCall(t.Context(), &testgrpc.Empty{}); err != nil {
			t.Errorf("EmptyCall afterwards = %v; want nil", err)
		}
	})
}

func TestLimitsOnMessagesEndTheCallOnly(t *testing.T) {
	bubble(t, grpcwire.Config{MaxSend: 1000, MaxReceive: 1000}, nil, func(t *testing.T, c *grpcwire.Conn) {
		for name, req := range map[string]*testgrpc.SimpleRequest{
			"a long request": {Payload: payload(1001)}, "a long answer": {ResponseSize: 1001},
		} {
			if _, err := client(c).UnaryCall(t.Context(), req); fmt.Sprint(err)[:36] != "rpc error: code = ResourceExhausted "[:36] {
				t.Errorf("%s = %v; want ResourceExhausted", name, err)
			}
		}
		if _, err := client(c).UnaryCall(t.Context(), &testgrpc.SimpleRequest{ResponseSize: 900, Payload: payload(900)}); err != nil {
			t.Errorf("a fitting call = %v; want nil", err)
		}
	})
}

func TestMetadataIsCheckedBeforeItIsSent(t *testing.T) {
	bubble(t, grpcwire.Config{}, nil, func(t *testing.T, c *grpcwire.Conn) {
		for name, h := range map[string]grpcwire.Header{
			"upper case": {Name: "Bad", Value: "x"}, "pseudo": {Name: ":path", Value: "x"}, "reserved": {Name: "grpc-status", Value: "0"},
			"hop by hop": {Name: "connection", Value: "x"}, "a line break": {Name: "x", Value: "a\r\nb"}, "empty": {}, "too long": {Name: "x", Value: string(make([]byte, 20000))},
		} {
			if _, err := c.Open(t.Context(), unaryMethod, h); err == nil {
				t.Errorf("Open with metadata that is %s = nil; want an error", name)
			}
		}
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-big-bin", string(make([]byte, 5000)), "x-big", string(bytes.Repeat([]byte("Zz~"), 2000)))
		if _, err := client(c).EmptyCall(ctx, &testgrpc.Empty{}); err != nil {
			t.Errorf("EmptyCall with 12 KB of metadata = %v; want nil", err)
		}
	})
}

func TestStreamCountIsBoundedAndOpenWaits(t *testing.T) {
	bubble(t, grpcwire.Config{MaxStreams: 2}, nil, func(t *testing.T, c *grpcwire.Conn) {
		a, err := c.Open(t.Context(), duplexMethod)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = c.Open(t.Context(), duplexMethod); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err = c.Open(ctx, duplexMethod); grpcwire.Code(err) != grpcwire.DeadlineExceeded {
			t.Errorf("third Open = %v; want status %d", err, grpcwire.DeadlineExceeded)
		}
		time.AfterFunc(time.Minute, a.Cancel)
		if _, err = c.Open(t.Context(), duplexMethod); err != nil {
			t.Errorf("third Open after a Cancel = %v; want nil", err)
		}
	})
}

func TestRecvKeepsItsPlaceWhenItsContextEnds(t *testing.T) {
	bubble(t, grpcwire.Config{}, nil, func(t *testing.T, c *grpcwire.Conn) {
		s, err := c.Open(t.Context(), duplexMethod)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Recv(ctx); grpcwire.Code(err) != grpcwire.DeadlineExceeded {
			t.Errorf("Recv = %v; want status %d", err, grpcwire.DeadlineExceeded)
		}
		if err := s.Send(t.Context(), nil); err != nil {
			t.Errorf("Send after it = %v; want nil", err)
		}
		if err := s.CloseSend(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := s.Recv(t.Context()); !errors.Is(err, io.EOF) {
			t.Errorf("Recv after it = %v; want EOF", err)
		}
	})
}
