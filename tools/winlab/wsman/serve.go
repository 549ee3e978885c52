package wsman

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
)

// ServeHTTP answers one HTTP request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, _ := r.Context().Value(connectionKey{}).(*connection)
	if c == nil {
		// Without ConnContext there is no state; a handshake then never ends.
		c = &connection{}
	}
	s.count(func(st *Stats) {
		st.Requests++
		if !c.seen {
			st.Connections++
		}
	})
	c.seen = true
	if status := s.misdirected(r); status != 0 {
		s.write(w, Trouble{}, status, "", nil)
		return
	}
	// A sealed message is a little longer than what is in it.
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(s.cfg.Limits.EnvelopeBytes)+4096))
	if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
		s.write(w, Trouble{}, http.StatusRequestEntityTooLarge, "", nil)
		return
	}
	if err != nil {
		return
	}
	if r.Header.Get("WSMANIDENTIFY") == "unauthenticated" {
		s.identifyStranger(w, body)
		return
	}
	user, ok := s.logon(w, r, c)
	if !ok {
		return
	}
	if len(body) == 0 {
		status := http.StatusOK
		if r.Header.Get("Authorization") == "" {
			status = s.cfg.EmptyPost
		}
		if status == http.StatusUnauthorized {
			s.refuse(w, "")
			return
		}
		s.write(w, Trouble{}, status, "", nil)
		return
	}
	s.message(w, r, c, user, body)
}

func (s *Server) misdirected(r *http.Request) int {
	switch {
	case r.URL.Path != "/wsman" && r.URL.Path != "/wsman/" && r.URL.Path != "/wsman-anon/identify":
		return http.StatusNotFound
	case r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed
	}
	return 0
}

// identifyStranger tells no version of the system to who did not log on.
func (s *Server) identifyStranger(w http.ResponseWriter, body []byte) {
	req, f := parseRequest(body, s.cfg.Limits)
	if f != nil || req.action != Identify {
		s.refuse(w, "")
		return
	}
	s.write(w, Trouble{}, http.StatusOK, contentSOAP, identify("OS: 0.0.0 SP: 0.0 Stack: 3.0"))
}

// message takes a SOAP message that came on a connection that is logged on.
func (s *Server) message(w http.ResponseWriter, r *http.Request, c *connection, user string, body []byte) {
	protocol, sealed := sealedType(r.Header.Get("Content-Type"))
	switch {
	case sealed:
		plain, err := c.unseal(body)
		if err != nil {
			s.cfg.Log.InfoContext(r.Context(), "sealed message refused", "computer", s.cfg.Computer, "error", err)
			c.acceptor, c.user = nil, ""
			s.write(w, Trouble{}, http.StatusBadRequest, "", nil)
			return
		}
		body = plain
		s.count(func(st *Stats) { st.Sealed++ })
	case r.TLS != nil:
		s.count(func(st *Stats) { st.TLS++ })
	default:
		s.count(func(st *Stats) { st.Plain++ })
		if !s.cfg.AllowUnencrypted {
			s.write(w, Trouble{}, http.StatusInternalServerError, "", nil)
			return
		}
	}
	answer, status, trouble, ok := s.answer(w, r, user, body)
	if !ok {
		return
	}
	kind := contentSOAP
	if sealed && !trouble.Plain {
		head, data, err := c.acceptor.Seal(answer)
		if err != nil {
			s.write(w, Trouble{}, http.StatusInternalServerError, "", nil)
			return
		}
		kind, answer = marshalSealed(protocol, head, data, len(answer))
		if trouble.SpoilSealed != nil {
			answer = trouble.SpoilSealed(answer)
		}
	}
	s.write(w, trouble, status, kind, answer)
}

// answer acts on a message; ok is false when the answer was already given.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, user string, body []byte) ([]byte, int, Trouble, bool) {
	req, f := parseRequest(body, s.cfg.Limits)
	var t Trouble
	var out []byte
	if f == nil {
		if t = s.trouble(r.Context(), req.action); !s.survive(w, t) {
			return nil, 0, t, false
		}
		f = t.Fault
	}
	if f == nil {
		ip, _, _ := net.SplitHostPort(r.RemoteAddr)
		scheme := "http"
		if r.TLS != nil {
			scheme = "https"
		}
		out, f = s.act(r.Context(), req, caller{user: user, ip: ip, address: scheme + "://" + r.Host + "/wsman"})
	}
	status := http.StatusOK
	if f != nil {
		status, out = f.status(), f.marshal(req, s.cfg.Computer)
		s.count(func(st *Stats) { st.Faults[f.Code]++ })
	}
	if t.Spoil != nil {
		out = t.Spoil(out)
	}
	return out, status, t, true
}

// steady says whether no trouble ends this request.
func (s *Server) steady(w http.ResponseWriter, r *http.Request, a Action) bool {
	return s.survive(w, s.trouble(r.Context(), a))
}

func (s *Server) survive(w http.ResponseWriter, t Trouble) bool {
	switch {
	case t.Hang, t.Drop:
		drop(w)
		return false
	case t.Raw != nil:
		s.write(w, t, t.Raw.Status, t.Raw.ContentType, t.Raw.Body)
		return false
	}
	return true
}

func (c *connection) unseal(body []byte) ([]byte, error) {
	if c.acceptor == nil {
		return nil, errSealed
	}
	head, data, size, err := parseSealed(body)
	if err != nil {
		return nil, err
	}
	plain, err := c.acceptor.Unseal(head, data)
	if err != nil {
		return nil, err
	}
	if len(plain) != size {
		return nil, errSealed
	}
	return plain, nil
}

// write sends an answer as http.sys does, or the part of it that the trouble leaves.
func (s *Server) write(w http.ResponseWriter, t Trouble, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Server", "Microsoft-HTTPAPI/2.0")
	if contentType != "" {
		h.Set("Content-Type", contentType)
	} else {
		h["Content-Type"] = nil
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if t.Cut > 0 && t.Cut < len(body) {
		_, _ = w.Write(body[:t.Cut])
		_ = http.NewResponseController(w).Flush()
		drop(w)
		return
	}
	_, _ = w.Write(body)
}

// drop closes the connection under the answer.
func drop(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}
