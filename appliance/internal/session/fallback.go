package session

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/proto/compliance/v1/compliancegrpc"
)

// The fallback (D6) is for networks that let no HTTP/2 through: the unary calls
// as HTTP/1.1 POST of the same protobuf messages, over the same mutual TLS, to
// the same guard and the same receiver's rule. There are no commands on it.

// Limits of the fallback beside those of session.go.
const (
	fallbackType  = "application/x-protobuf"
	fallbackConns = 1024               // posts are short: 1,024 at a time serve the fleet of DESIGN §11
	fallbackRead  = 30 * time.Second   // one request
	fallbackWork  = 10 * time.Second   // waiting for intake; later the agent is told to come back
	fallbackIdle  = 3 * heartbeatEvery // between two posts of a connection
	retryAfter    = 30                 // seconds, said with 503
)

// tlsConn is where a request's context keeps its connection.
type tlsConn struct{}

// ServeFallback accepts posts on l until ctx ends; those that are being answered
// get drainTime.
func (s *Server) ServeFallback(ctx context.Context, l net.Listener) error {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	server := &http.Server{
		Handler: http.HandlerFunc(s.post), Protocols: protocols,
		ReadHeaderTimeout: handshakeTime, ReadTimeout: fallbackRead, WriteTimeout: fallbackRead + fallbackWork, IdleTimeout: fallbackIdle,
		MaxHeaderBytes: maxHeaders, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, tlsConn{}, c) },
	}
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(tls.NewListener(limited(l, min(fallbackConns, places())), s.tlsConfig("http/1.1")))
	}()
	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		if server.Shutdown(late) != nil {
			_ = server.Close() // posts that are late are sent again
		}
		err = <-served
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// post is one call.
func (s *Server) post(w http.ResponseWriter, r *http.Request) {
	conn, ok := r.Context().Value(tlsConn{}).(*tls.Conn)
	if !ok || r.Method != http.MethodPost {
		http.Error(w, "only POST", http.StatusMethodNotAllowed)
		return
	}
	if r.Header.Get("Content-Type") != fallbackType {
		http.Error(w, "the body must be "+fallbackType, http.StatusUnsupportedMediaType)
		return
	}
	who := &connected{tls: conn}
	who.SecurityLevel = credentials.PrivacyAndIntegrity
	_, who.leaf, _ = s.judge(conn.ConnectionState().PeerCertificates) // guard asks again
	ctx, cancel := context.WithTimeout(r.Context(), fallbackWork)
	defer cancel()
	ctx = peer.NewContext(ctx, &peer.Peer{Addr: conn.RemoteAddr(), AuthInfo: who})
	answer, err := s.answer(ctx, r.URL.Path, http.MaxBytesReader(w, r.Body, maxMessage))
	if err == nil {
		var body []byte
		if body, err = proto.Marshal(answer); err == nil {
			w.Header().Set("Content-Type", fallbackType)
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			_, _ = w.Write(body) // an agent that is gone posts again
			return
		}
	}
	refuse(w, err)
}

// answer makes the call that a path names, if the peer may.
func (s *Server) answer(ctx context.Context, method string, body io.Reader) (proto.Message, error) {
	if method == compliancegrpc.ComplianceAgent_Connect_FullMethodName || allowed[method] == nil {
		return nil, status.Error(codes.Unimplemented, "there is no such call here")
	}
	if err := s.guard(ctx, method); err != nil {
		return nil, err
	}
	encoded, err := io.ReadAll(body)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, "the body is too large or was cut off")
	}
	switch method {
	case compliancegrpc.ComplianceAgent_Register_FullMethodName:
		in := &compliancev1.RegisterRequest{}
		if err := decode(encoded, in); err != nil {
			return nil, err
		}
		return s.Register(ctx, in)
	case compliancegrpc.ComplianceAgent_Renew_FullMethodName:
		in := &compliancev1.RenewRequest{}
		if err := decode(encoded, in); err != nil {
			return nil, err
		}
		return s.Renew(ctx, in)
	case compliancegrpc.ComplianceAgent_ReportDrift_FullMethodName:
		in := &compliancev1.ReportDriftRequest{}
		if err := decode(encoded, in); err != nil {
			return nil, err
		}
		return s.ReportDrift(ctx, in)
	}
	return nil, status.Error(codes.Unimplemented, "there is no such call here")
}

func decode(encoded []byte, into proto.Message) error {
	if err := proto.Unmarshal(encoded, into); err != nil {
		return status.Error(codes.InvalidArgument, "the body is no such message")
	}
	return nil
}

// refuse answers an error: the status of HTTP that stands for gRPC's code, and
// the sentence as text.
func refuse(w http.ResponseWriter, err error) {
	code := http.StatusInternalServerError
	switch status.Code(err) { //nolint:exhaustive // the others are faults of ours
	case codes.InvalidArgument:
		code = http.StatusBadRequest
	case codes.Unauthenticated:
		code = http.StatusUnauthorized
	case codes.PermissionDenied:
		code = http.StatusForbidden
	case codes.Unimplemented:
		code = http.StatusNotFound
	case codes.ResourceExhausted:
		code = http.StatusTooManyRequests
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		code = http.StatusServiceUnavailable
	}
	if code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	http.Error(w, status.Convert(err).Message(), code)
}
