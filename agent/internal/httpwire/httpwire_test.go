package httpwire_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/agent/internal/grpcwire"
	"github.com/osiriscare/osiris/agent/internal/httpwire"
)

const method = "/compliance.v1.ComplianceAgent/ReportDrift"

// serve connects to a real HTTP server.
func serve(t *testing.T, handler http.HandlerFunc) *httpwire.Conn {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	addr := server.Listener.Addr().String()
	nc, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	c := httpwire.New(nc, addr)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestARealServerTakesOneCallAfterTheOther(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.URL.Path != method || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("the server got %s %s, %v", r.Method, r.URL, err)
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(append([]byte("re: "), body...))
	})
	for _, request := range []string{"one", "", "three"} {
		got, err := c.Invoke(t.Context(), method, []byte(request))
		if err != nil || string(got) != "re: "+request {
			t.Errorf("Invoke(%q) = %q, %v", request, got, err)
		}
	}
}

func TestARefusalHasItsCodeAndItsSentence(t *testing.T) {
	code := 0
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "come back later", code)
	})
	for status, want := range map[int]uint32{
		400: grpcwire.Unknown, 401: grpcwire.Unauthenticated, 403: grpcwire.PermissionDenied, 429: grpcwire.Unavailable, 500: grpcwire.Unknown, 503: grpcwire.Unavailable,
	} {
		code = status
		_, err := c.Invoke(t.Context(), method, nil)
		if grpcwire.Code(err) != want || !strings.Contains(err.Error(), "come back later") {
			t.Errorf("HTTP %d = %v; want code %d", status, err, want)
		}
	}
}

// script answers one request with these bytes.
func script(t *testing.T, answer string) *httpwire.Conn {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() {
		buf := make([]byte, 4096)
		_, _ = theirs.Read(buf)
		_, _ = io.Copy(theirs, strings.NewReader(answer))
		_ = theirs.Close()
	}()
	c := httpwire.New(ours, "appliance:8443")
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestWhatIsNotOurAppliancesAnswerIsRefused(t *testing.T) {
	for _, tt := range []struct{ name, answer, says string }{
		{"a page of a captive portal", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", "not HTTP/1.1"},
		{"chunks", "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "not HTTP/1.1"},
		{"compression", "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", "not HTTP/1.1"},
		{"no length", "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n\r\n", "not HTTP/1.1"},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", "not HTTP/1.1"},
		{"a signed length", "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: +1\r\n\r\na", "not HTTP/1.1"},
		{"an empty length", "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length:\r\n\r\n", "not HTTP/1.1"},
		{"a length over 1 MB", "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 1048577\r\n\r\n", "not HTTP/1.1"},
		{"more than its length", "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 1\r\n\r\nab", "not HTTP/1.1"},
		{"a head over 8 KB", "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", 9000) + "\r\n\r\n", "not HTTP/1.1"},
		{"a head without an end", strings.Repeat("x", 9000), "not HTTP/1.1"},
		{"a folded line", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "not HTTP/1.1"},
		{"a line feed alone", "HTTP/1.1 200 OK\nA: b\r\n\r\n", "not HTTP/1.1"},
		{"an interim answer", "HTTP/1.1 103 Early Hints\r\n\r\n", "not HTTP/1.1"},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "not HTTP/1.1"},
		{"another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "not HTTP/1.1"},
		{"the end", "", "EOF"},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 9\r\n\r\nabc", "EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := script(t, tt.answer)
			got, err := c.Invoke(t.Context(), method, []byte("x"))
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Invoke = %q, %v; want an error saying %q", got, err, tt.says)
			}
		})
	}
}

func TestASessionIsItsHelloWithEachMessage(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != method {
			t.Errorf("the server got %s, %v", r.URL, err)
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(append([]byte("re: "), body...))
	})
	for _, m := range []struct{ sent, want string }{{"hello ", "re: hello "}, {"one", "re: hello one"}, {"two", "re: hello two"}} {
		if err := c.Send(t.Context(), []byte(m.sent)); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Recv(t.Context()); err != nil || string(got) != m.want {
			t.Errorf("Recv = %q, %v; want %q", got, err, m.want)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Recv(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Recv with nothing sent = %v; want that the caller ended it", err)
	}
}

func TestASilentServerCostsNoMoreThanTheTimeGiven(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(context.Context) (context.Context, context.CancelFunc)
		want error
	}{
		{"a deadline", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Minute)
		}, context.DeadlineExceeded},
		{"a stop", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Minute, cancel)
			return ctx, cancel
		}, context.Canceled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				go func() { _, _ = io.Copy(io.Discard, theirs) }()
				defer theirs.Close() //nolint:errcheck // a pipe
				c := httpwire.New(ours, "appliance:8443")
				defer c.Close() //nolint:errcheck // a pipe
				ctx, cancel := tt.end(t.Context())
				defer cancel()
				started := time.Now()
				_, err := c.Invoke(ctx, method, []byte("x"))
				if !errors.Is(err, tt.want) || time.Since(started) != time.Minute {
					t.Errorf("Invoke = %v after %v; want %v after a minute", err, time.Since(started), tt.want)
				}
			})
		})
	}
}
