package grpcwire_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/grpcwire"
)

func TestDialTellsWhyItCannot(t *testing.T) {
	noLeaks(t)
	_, good := serve(t)
	stranger, _ := mutualTLS(t)
	plain := listen(t, nil)
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	old := stranger.Clone()
	old.ClientAuth = tls.NoClientCert
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name string
		over bool // the context is
		cfg  grpcwire.Config
		want string
	}{
		{"nobody listens", false, grpcwire.Config{Addr: gone.Addr().String()}, "dialling 127.0.0.1:"},
		{"address without a port", false, grpcwire.Config{Addr: "localhost"}, "missing port"},
		{"unknown root", false, grpcwire.Config{Addr: good.Addr}, "certificate"},
		{"not TLS", false, grpcwire.Config{Addr: plain}, "shaking hands"},
		{"TLS without h2", false, grpcwire.Config{Addr: listen(t, old), TLS: &tls.Config{InsecureSkipVerify: true}}, "not h2"},
		{"context is over", true, good, "canceled"},
	} {
		ctx := t.Context()
		if c.over {
			ctx = canceled
		}
		conn, err := grpcwire.Dial(ctx, c.cfg)
		if err == nil {
			t.Errorf("Dial when %s = nil; want an error", c.name)
			_ = conn.Close()
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("Dial when %s = %v; want %q in it", c.name, err, c.want)
		}
	}
}

// listen accepts connections, shakes hands if cfg is not nil, says "hello" and hangs up.
func listen(t *testing.T, cfg *tls.Config) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			if cfg != nil {
				nc = tls.Server(nc, cfg)
			}
			_, _ = nc.Write([]byte("hello"))
			_ = nc.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String()
}

func TestConnectionStateHasTheExporterThatEnrolmentNeeds(t *testing.T) {
	noLeaks(t)
	_, cfg := serve(t)
	c := dial(t, cfg)
	st := c.TLS().ConnectionState()
	key, err := st.ExportKeyingMaterial("EXPORTER-grpcwire-test", nil, 32)
	if err != nil || len(key) != 32 {
		t.Errorf("ExportKeyingMaterial = %d bytes, %v; want 32, nil", len(key), err)
	}
	if st.NegotiatedProtocol != "h2" {
		t.Errorf("protocol = %q; want h2", st.NegotiatedProtocol)
	}
	if len(cfg.TLS.NextProtos) != 0 {
		t.Errorf("Dial changed the caller's tls.Config: NextProtos = %v", cfg.TLS.NextProtos)
	}
}

func TestCloseEndsCallsAndIsIdempotent(t *testing.T) {
	noLeaks(t)
	_, cfg := serve(t)
	c := dial(t, cfg)
	s, err := c.Open(t.Context(), duplexMethod)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("Close() = %v; want nil", err)
		}
	}
	<-c.Done()
	if !errors.Is(c.Err(), grpcwire.ErrClosed) || !errors.Is(c.Ping(t.Context()), grpcwire.ErrClosed) {
		t.Errorf("Err() = %v, Ping() = %v; want ErrClosed", c.Err(), c.Ping(t.Context()))
	}
	_, recv := s.Recv(t.Context())
	_, open := c.Open(t.Context(), duplexMethod)
	for name, err := range map[string]error{"Recv": recv, "Send": s.Send(t.Context(), nil), "Open": open} {
		if grpcwire.Code(err) != grpcwire.Unavailable {
			t.Errorf("%s after Close = %v; want status %d", name, err, grpcwire.Unavailable)
		}
	}
	s.Cancel()
}
