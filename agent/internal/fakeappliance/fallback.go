package fakeappliance

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http" //nolint:depguard // test code only, as the package says
	"testing"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"

	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// Fallback starts HTTP/1.1 on loopback and gives its address; it ends with the
// test.
func (a *Appliance) Fallback(t testing.TB) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := a.tlsConfig()
	config.NextProtos = []string{"http/1.1"}
	server := &http.Server{Handler: http.HandlerFunc(a.post), ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(tls.NewListener(listener, config)) //nolint:errcheck // ends with the test
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// Posts counts batches that came over the fallback. Call it inside Wait or
// Locked.
func (a *Appliance) Posts() int { return a.posts }

func (a *Appliance) post(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	refuse := a.behave.RefusePosts
	a.touch()
	a.mu.Unlock()
	if refuse != 0 {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "refused", refuse)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	ctx := peer.NewContext(r.Context(), &peer.Peer{AuthInfo: credentials.TLSInfo{State: *r.TLS}})
	var answer proto.Message
	switch r.URL.Path {
	case "/compliance.v1.ComplianceAgent/Register":
		in := &compliancev1.RegisterRequest{}
		if err = proto.Unmarshal(body, in); err == nil {
			answer, err = a.Register(ctx, in)
		}
	case "/compliance.v1.ComplianceAgent/Renew":
		in := &compliancev1.RenewRequest{}
		if err = proto.Unmarshal(body, in); err == nil {
			answer, err = a.Renew(ctx, in)
		}
	case "/compliance.v1.ComplianceAgent/ReportDrift":
		in := &compliancev1.ReportDriftRequest{}
		if err = proto.Unmarshal(body, in); err == nil {
			answer, err = a.ReportDrift(ctx, in)
		}
	}
	if err != nil || answer == nil {
		http.Error(w, "no such call, or it went wrong", http.StatusBadRequest)
		return
	}
	encoded, err := proto.Marshal(answer)
	if err != nil {
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(encoded)
}

// ReportDrift takes one batch.
func (a *Appliance) ReportDrift(ctx context.Context, r *compliancev1.ReportDriftRequest) (*compliancev1.ReportDriftResponse, error) {
	agentID, _, err := a.agentOf(ctx)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.posts++
	welcome := a.welcome(r.Hello, agentID)
	through := welcome.AckedThrough
	if r.Report != nil {
		through = a.take(r.Report)
	}
	return &compliancev1.ReportDriftResponse{Welcome: welcome, Ack: &compliancev1.Ack{QueueId: r.Hello.QueueId, Through: through}}, nil
}
