package grpcwire_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"runtime"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/agent/internal/grpcwire"
)

// issue makes a P-256 certificate for localhost, its own root when parent is nil.
func issue(t testing.TB, parent *tls.Certificate, usage x509.ExtKeyUsage) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "grpcwire test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, ExtKeyUsage: []x509.ExtKeyUsage{usage},
		IsCA: parent == nil, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	signer, over := any(key), tmpl
	if parent == nil {
		tmpl.KeyUsage, tmpl.ExtKeyUsage = x509.KeyUsageCertSign, nil
	} else {
		signer, over = parent.PrivateKey, parent.Leaf
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, over, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// mutualTLS is a server's and a client's configuration that trust each other.
func mutualTLS(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	root := issue(t, nil, x509.ExtKeyUsageAny)
	pool := x509.NewCertPool()
	pool.AddCert(root.Leaf)
	server = &tls.Config{
		Certificates: []tls.Certificate{*issue(t, root, x509.ExtKeyUsageServerAuth)},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: pool, MinVersion: tls.VersionTLS13,
	}
	client = &tls.Config{
		Certificates: []tls.Certificate{*issue(t, root, x509.ExtKeyUsageClientAuth)},
		RootCAs:      pool, ServerName: "localhost", MinVersion: tls.VersionTLS13,
	}
	return server, client
}

// serve starts grpc-go's interop server with mTLS on loopback; it is stopped
// with the test.
func serve(t testing.TB, opts ...grpc.ServerOption) (*grpc.Server, grpcwire.Config) {
	t.Helper()
	st, ct := mutualTLS(t)
	srv := grpc.NewServer(append(opts, grpc.Creds(credentials.NewTLS(st)))...)
	testgrpc.RegisterTestServiceServer(srv, interop.NewTestServer())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := srv.Serve(l); err != nil {
			t.Errorf("serving: %v", err)
		}
	}()
	t.Cleanup(func() { srv.Stop(); <-done })
	return srv, grpcwire.Config{Addr: l.Addr().String(), TLS: ct, MaxSend: 1 << 20}
}

func dial(t testing.TB, cfg grpcwire.Config) *grpcwire.Conn {
	t.Helper()
	c, err := grpcwire.Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// noLeaks fails the test if it leaves goroutines behind. Call it first.
func noLeaks(t testing.TB) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for range 500 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		buf := make([]byte, 1<<16)
		t.Errorf("%d goroutines, %d before the test:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
	})
}

// channel lets grpc-go's generated clients, and so its interop client, speak
// through a grpcwire.Conn.
type channel struct{ c *grpcwire.Conn }

func outgoing(ctx context.Context) (h []grpcwire.Header) {
	md, _ := metadata.FromOutgoingContext(ctx)
	for k, vs := range md {
		for _, v := range vs {
			h = append(h, grpcwire.Header{Name: k, Value: v})
		}
	}
	return h
}

func incoming(h []grpcwire.Header) metadata.MD {
	md := metadata.MD{}
	for _, f := range h {
		md.Append(f.Name, f.Value)
	}
	return md
}

func asStatus(err error) error {
	var s *grpcwire.Status
	if errors.As(err, &s) {
		return status.Error(codes.Code(s.Code), s.Message)
	}
	return err
}

func (ch channel) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	req, err := proto.Marshal(args.(proto.Message))
	if err != nil {
		return err
	}
	if len(opts) == 0 {
		b, err := ch.c.Invoke(ctx, method, req, outgoing(ctx)...)
		if err != nil {
			return asStatus(err)
		}
		return proto.Unmarshal(b, reply.(proto.Message))
	}
	st, err := ch.NewStream(ctx, nil, method) // Invoke shows no metadata
	if err != nil {
		return err
	}
	if err := errors.Join(st.SendMsg(args), st.CloseSend(), st.RecvMsg(reply)); err != nil {
		return err
	}
	if err := st.RecvMsg(reply); err.Error() != "EOF" {
		return err
	}
	for _, o := range opts {
		switch o := o.(type) {
		case grpc.HeaderCallOption:
			*o.HeaderAddr, err = st.Header()
		case grpc.TrailerCallOption:
			*o.TrailerAddr = st.Trailer()
		}
	}
	return err
}

func (ch channel) NewStream(ctx context.Context, _ *grpc.StreamDesc, method string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	s, err := ch.c.Open(ctx, method, outgoing(ctx)...)
	if err != nil {
		return nil, asStatus(err)
	}
	return &clientStream{ctx, s}, nil
}

type clientStream struct {
	ctx context.Context //nolint:containedctx // grpc.ClientStream is asked for it
	s   *grpcwire.Stream
}

func (s *clientStream) Context() context.Context { return s.ctx }
func (s *clientStream) CloseSend() error         { return asStatus(s.s.CloseSend(s.ctx)) }
func (s *clientStream) Trailer() metadata.MD     { return incoming(s.s.Trailer()) }

func (s *clientStream) Header() (metadata.MD, error) {
	h, err := s.s.Header(s.ctx)
	return incoming(h), asStatus(err)
}

func (s *clientStream) SendMsg(m any) error {
	b, err := proto.Marshal(m.(proto.Message))
	if err != nil {
		return err
	}
	return asStatus(s.s.Send(s.ctx, b))
}

func (s *clientStream) RecvMsg(m any) error {
	b, err := s.s.Recv(s.ctx)
	if err != nil {
		return asStatus(err)
	}
	return proto.Unmarshal(b, m.(proto.Message))
}
