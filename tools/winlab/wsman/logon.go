package wsman

import (
	"context"
	"encoding/base64"
	"net"
	"net/http"
	"strings"

	"github.com/osiriscare/osiris/tools/winlab/negotiate"
)

// connection is what the server remembers of one TCP connection. A connection
// has one request at a time, so it needs no lock.
type connection struct {
	bindings []byte
	acceptor *negotiate.Acceptor
	// user logged on with Negotiate; Basic and certificates are for one request.
	user string
	seen bool
}

type connectionKey struct{}

type bindingsKey struct{}

// WithBindings tells the connections of a TLS listener their channel bindings;
// give it to http.Server.BaseContext.
func WithBindings(ctx context.Context, bindings []byte) context.Context {
	return context.WithValue(ctx, bindingsKey{}, bindings)
}

// ConnContext is http.Server.ConnContext.
func (s *Server) ConnContext(ctx context.Context, _ net.Conn) context.Context {
	bindings, _ := ctx.Value(bindingsKey{}).([]byte)
	return context.WithValue(ctx, connectionKey{}, &connection{bindings: bindings})
}

// certificateScheme is what a client with a certificate sends in Authorization.
const certificateScheme = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"

// logon does what Authorization asks for and gives the account. It answers
// itself and says false unless the request may go on.
func (s *Server) logon(w http.ResponseWriter, r *http.Request, c *connection) (user string, ok bool) {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case scheme == "":
		if c.user == "" {
			s.refuse(w, "")
		}
		return c.user, c.user != ""
	case strings.EqualFold(scheme, "Negotiate"), strings.EqualFold(scheme, "Kerberos"):
		ok := s.negotiate(w, r, c, scheme, rest)
		return c.user, ok
	case strings.EqualFold(scheme, "Basic") && s.cfg.Basic != nil:
		user, password, ok := r.BasicAuth()
		if ok && s.cfg.Basic(user, password) {
			return user, true
		}
	case scheme == certificateScheme && s.cfg.Certificate != nil && r.TLS != nil && len(r.TLS.PeerCertificates) > 0:
		if user, ok := s.cfg.Certificate(r.TLS.PeerCertificates[0].Raw); ok {
			return user, true
		}
	}
	s.count(func(st *Stats) { st.Refusals++ })
	s.refuse(w, "")
	return "", false
}

func (s *Server) negotiate(w http.ResponseWriter, r *http.Request, c *connection, scheme, token string) bool {
	if !s.steady(w, r, Handshake) {
		return false
	}
	if c.acceptor == nil || c.acceptor.Done() {
		c.acceptor, c.user = negotiate.New(s.cfg.Security(c.bindings)), ""
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(token))
	var reply []byte
	var done bool
	if err == nil {
		reply, done, err = c.acceptor.Step(raw)
	}
	if err != nil {
		s.cfg.Log.InfoContext(r.Context(), "logon refused", "computer", s.cfg.Computer, "error", err)
		c.acceptor = nil
		s.count(func(st *Stats) { st.Refusals++ })
		s.refuse(w, "")
		return false
	}
	encoded := scheme + " " + base64.StdEncoding.EncodeToString(reply)
	if !done {
		s.refuse(w, encoded)
		return false
	}
	c.user = c.acceptor.Identity().Name()
	s.count(func(st *Stats) { st.Logons++ })
	if len(reply) > 0 {
		w.Header().Set("WWW-Authenticate", encoded)
	}
	return true
}

// refuse answers 401 with the next token, or with the schemes there are.
func (s *Server) refuse(w http.ResponseWriter, token string) {
	h := w.Header()
	if token != "" {
		h.Set("WWW-Authenticate", token)
	} else {
		cfg := s.cfg.Security(nil)
		if cfg.NTLM != nil || cfg.Kerberos != nil {
			h.Add("WWW-Authenticate", "Negotiate")
		}
		if cfg.Kerberos != nil {
			h.Add("WWW-Authenticate", "Kerberos")
		}
		if s.cfg.Basic != nil {
			h.Add("WWW-Authenticate", `Basic realm="WSMAN"`)
		}
	}
	s.write(w, Trouble{}, http.StatusUnauthorized, "", nil)
}
