package session_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/proto/compliance/v1/compliancegrpc"
)

// fallback serves HTTP/1.1 for the test and gives its address.
func fallback(t *testing.T, a *rehearsal.Appliance) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Server.ServeFallback(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("ServeFallback = %v", err)
		}
	})
	return l.Addr().String()
}

// poster is a machine's HTTP/1.1 client.
func poster(t *testing.T, a *rehearsal.Appliance, m *rehearsal.Agent) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(a.Site.Identity.SiteRoot)
	config := &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: pool, ServerName: "appliance." + rehearsal.SiteID + ".osiris.internal"}
	if m.Certificate != nil {
		config.Certificates = []tls.Certificate{{Certificate: [][]byte{m.Certificate}, PrivateKey: m.Key}}
	}
	transport := &http.Transport{TLSClientConfig: config}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

type posted struct {
	code  int
	proto int
	body  []byte
	after string
}

func send(t *testing.T, c *http.Client, method, addr, path, contentType string, body []byte) posted {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "https://"+addr+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end
	got, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return posted{answer.StatusCode, answer.ProtoMajor, got, answer.Header.Get("Retry-After")}
}

const protobuf = "application/x-protobuf"

func batch(t *testing.T, m *rehearsal.Agent, next uint64, records ...*compliancev1.Record) []byte {
	t.Helper()
	body, err := proto.Marshal(&compliancev1.ReportDriftRequest{
		Hello: m.Hello(next), Report: &compliancev1.Report{QueueId: m.QueueID, Records: records},
	})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// life is a batch that is a Hello only.
func life(t *testing.T, m *rehearsal.Agent, next uint64) []byte {
	t.Helper()
	body, err := proto.Marshal(&compliancev1.ReportDriftRequest{Hello: m.Hello(next)})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestTheFallbackTakesABatchByTheSameRuleAsASession(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	addr := fallback(t, a)
	client := poster(t, a, m)
	report := func(next uint64, records ...*compliancev1.Record) *compliancev1.ReportDriftResponse {
		t.Helper()
		got := send(t, client, http.MethodPost, addr, compliancegrpc.ComplianceAgent_ReportDrift_FullMethodName, protobuf, batch(t, m, next, records...))
		answer := &compliancev1.ReportDriftResponse{}
		if err := proto.Unmarshal(got.body, answer); got.code != http.StatusOK || got.proto != 1 || err != nil {
			t.Fatalf("post = %d %q over HTTP/%d, %v; want 200 over HTTP/1", got.code, got.body, got.proto, err)
		}
		return answer
	}
	one, two := rehearsal.Verdict(1, "disk_space", 1), rehearsal.Verdict(2, "time_sync", 1)
	first := report(3, one, two)
	if first.GetAck().GetThrough() != 2 || first.GetWelcome().GetAgentId() != m.ID || first.GetWelcome().GetPolicy() == nil {
		t.Errorf("the first batch = %v; want ack 2, the agent's id, a policy", first)
	}
	// A stream goes on where the posts ended, and a late copy of either changes
	// nothing.
	s := connect(t, m, a, 4)
	if got := s.Welcome.GetAckedThrough(); got != 2 {
		t.Errorf("the session's mark = %d; want 2", got)
	}
	if err := s.Report(m.QueueID, rehearsal.Verdict(3, "disk_space", 2)); err != nil {
		t.Fatal(err)
	}
	ack(t, s, 3)
	if late := report(4, one, two); late.GetAck().GetThrough() != 3 {
		t.Errorf("a late copy is acked through %d; want 3", late.GetAck().GetThrough())
	}
	if got := send(t, client, http.MethodPost, addr, compliancegrpc.ComplianceAgent_ReportDrift_FullMethodName, protobuf, life(t, m, 4)); got.code != http.StatusOK {
		t.Errorf("a sign of life = %d %q; want 200", got.code, got.body)
	}
	if hole := report(9, rehearsal.Verdict(8, "disk_space", 1)); hole.GetAck().GetThrough() != 3 {
		t.Errorf("a hole is acked through %d; want 3", hole.GetAck().GetThrough())
	}
}

func TestTheFallbackDeniesByDefault(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	addr := fallback(t, a)
	known, stranger := poster(t, a, m), poster(t, a, machine(t))
	drift := compliancegrpc.ComplianceAgent_ReportDrift_FullMethodName
	for _, tt := range []struct {
		name                      string
		client                    *http.Client
		method, path, contentType string
		body                      []byte
		code                      int
		says                      string
	}{
		{"a stranger may not report", stranger, "POST", drift, protobuf, batch(t, m, 1), 401, "client certificate"},
		{"an agent may not enrol again", known, "POST", compliancegrpc.ComplianceAgent_Register_FullMethodName, protobuf, nil, 403, "enrolled"},
		{"sessions are not for HTTP/1.1", known, "POST", compliancegrpc.ComplianceAgent_Connect_FullMethodName, protobuf, nil, 404, "no such call"},
		{"an unknown path", known, "POST", "/", protobuf, nil, 404, "no such call"},
		{"a browser's GET", known, "GET", drift, protobuf, nil, 405, "only POST"},
		{"a form", known, "POST", drift, "application/x-www-form-urlencoded", nil, 415, protobuf},
		{"a body that is no message", known, "POST", drift, protobuf, []byte("<html>"), 400, "no such message"},
		{"a body over 256 KB", known, "POST", drift, protobuf, make([]byte, 256<<10+1), 400, "too large"},
		{"a batch without a Hello", known, "POST", drift, protobuf, nil, 400, "Hello"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := send(t, tt.client, tt.method, addr, tt.path, tt.contentType, tt.body)
			if got.code != tt.code || !strings.Contains(string(got.body), tt.says) {
				t.Errorf("post = %d %q; want %d saying %q", got.code, got.body, tt.code, tt.says)
			}
		})
	}
}

func TestARevokedAgentIsCutOffTheFallbackToo(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	addr := fallback(t, a)
	client := poster(t, a, m)
	drift := compliancegrpc.ComplianceAgent_ReportDrift_FullMethodName
	if got := send(t, client, http.MethodPost, addr, drift, protobuf, batch(t, m, 1)); got.code != http.StatusOK {
		t.Fatalf("post = %d %q; want 200", got.code, got.body)
	}
	revoke(t, a, m.ID)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+addr+drift, bytes.NewReader(batch(t, m, 1)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", protobuf)
	// On the connection that lives, and on a new one.
	for range 2 {
		if answer, err := client.Do(r.Clone(t.Context())); err == nil {
			t.Errorf("a revoked agent's post = %d; want no answer", answer.StatusCode)
			_ = answer.Body.Close()
		}
	}
}

func TestTheFallbackStopsWithIdleAgents(t *testing.T) {
	a := start(t)
	m := enrolled(t, a)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Server.ServeFallback(ctx, l) }()
	client := poster(t, a, m)
	send(t, client, http.MethodPost, l.Addr().String(), compliancegrpc.ComplianceAgent_ReportDrift_FullMethodName, protobuf, batch(t, m, 1))
	stop()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("ServeFallback = %v", err)
		}
	case <-time.After(patience):
		t.Fatal("it does not stop")
	}
}
