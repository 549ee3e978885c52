package discover

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/go-ldap/ldap/v3"
)

const (
	// dialTime is how long one controller is waited for before the next.
	dialTime = 10 * time.Second
	// requestTime bounds one request: AD's own limit on a search is 120 s.
	requestTime = 2 * time.Minute
	// maxAnswer bounds one page: 16 KB for each of 1,000 entries.
	maxAnswer = 16 << 20
)

// session is one authenticated connection.
type session struct {
	server string
	conn   *ldap.Conn
	wire   *wire
	stop   func() bool
}

// open goes from controller to controller while they cannot be reached. A
// refusal is final: the next one would count it too, and the account lock.
func (d *Directory) open(ctx context.Context, preferred string) (*session, error) {
	names, err := d.controllers(ctx, preferred)
	if err != nil {
		return nil, err
	}
	var problems []error
	for _, name := range names {
		s, err := d.connect(ctx, name)
		if err == nil {
			return s, nil
		}
		err = classify(ctx, fmt.Errorf("connecting to %s: %w", name, err))
		problems = append(problems, err)
		if !errors.Is(err, ErrUnreachable) {
			return nil, err
		}
	}
	return nil, errors.Join(problems...)
}

func (d *Directory) connect(ctx context.Context, server string) (*session, error) {
	port := d.cfg.Port
	switch {
	case port != 0:
	case d.cfg.StartTLS:
		port = 389
	default:
		port = 636
	}
	patience, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	nc, err := d.dial(patience, "tcp", net.JoinHostPort(server, strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	w := &wire{Conn: nc}
	// go-ldap knows no contexts: closing is what ends it.
	s := &session{server: server, wire: w, stop: context.AfterFunc(ctx, func() { _ = w.Close() })}
	if err := d.secure(patience, s); err != nil {
		s.close()
		return nil, err
	}
	s.conn.SetTimeout(requestTime)
	if err := d.bind(ctx, s); err != nil {
		s.close()
		return nil, fmt.Errorf("logging on: %w", err)
	}
	return s, nil
}

func (s *session) close() {
	s.stop()
	_ = s.wire.Close() // nothing was written that could be lost
	if s.conn != nil {
		_ = s.conn.Close() // the same connection
	}
}

// secure puts TLS on, and is the only way on: there is no plain session.
func (d *Directory) secure(ctx context.Context, s *session) error {
	var distrust error
	cfg := &tls.Config{
		MinVersion: tls.VersionTLS12, ServerName: s.server,
		InsecureSkipVerify: true, // VerifyConnection judges, also by a pinned key
		VerifyConnection: func(state tls.ConnectionState) error {
			distrust = d.verify(state.PeerCertificates, s.server)
			return distrust
		},
	}
	if !d.cfg.StartTLS {
		t := tls.Client(s.wire, cfg)
		if err := t.HandshakeContext(ctx); err != nil {
			return fmt.Errorf("doing the tls handshake: %w", errors.Join(distrust, err))
		}
		s.conn = ldap.NewConn(t, true)
		s.conn.Start()
		return nil
	}
	stop := context.AfterFunc(ctx, func() { _ = s.wire.Close() }) // the shorter patience, as above
	defer stop()
	s.conn = ldap.NewConn(s.wire, false)
	s.conn.Start()
	err := s.conn.StartTLS(cfg)
	var l *ldap.Error
	switch {
	case err == nil:
		return nil
	case distrust != nil:
		return distrust
	case errors.As(err, &l) && l.ResultCode != ldap.ErrorNetwork:
		return fmt.Errorf("%w: %w", ErrPlainRefused, err)
	}
	return fmt.Errorf("%w: starting tls: %w", ErrUnreachable, err)
}

// verify judges a controller's certificates.
func (d *Directory) verify(chain []*x509.Certificate, server string) error {
	if len(chain) == 0 {
		return fmt.Errorf("%w: it has none", ErrCertificate)
	}
	opts := x509.VerifyOptions{Roots: d.cfg.CAs, Intermediates: x509.NewCertPool(), DNSName: server}
	for _, c := range chain[1:] {
		opts.Intermediates.AddCert(c)
	}
	leaf := spki(chain[0])
	if d.cfg.Pin != [32]byte{} {
		if leaf == d.cfg.Pin {
			return nil
		}
		opts.Roots = nil
		for _, c := range chain[1:] {
			if spki(c) == d.cfg.Pin {
				opts.Roots = x509.NewCertPool()
				opts.Roots.AddCert(c)
			}
		}
		if opts.Roots == nil {
			return &Untrusted{leaf, errors.New("neither it nor one above it is the pinned one")}
		}
	}
	if _, err := chain[0].Verify(opts); err != nil {
		return &Untrusted{leaf, err}
	}
	return nil
}

func spki(c *x509.Certificate) [32]byte { return sha256.Sum256(c.RawSubjectPublicKeyInfo) }

// wire bounds what one answer may be: go-ldap takes 2 GB.
type wire struct {
	net.Conn
	taken atomic.Int64
	over  atomic.Bool
}

func (w *wire) reset() { w.taken.Store(0) }

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if w.taken.Add(int64(n)) > maxAnswer {
		w.over.Store(true)
		return 0, w.problem()
	}
	return n, err
}

// problem is why the wire broke, which go-ldap says only as text.
func (w *wire) problem() error {
	if !w.over.Load() {
		return nil
	}
	return fmt.Errorf("%w: an answer of more than %d bytes", ErrLimit, maxAnswer)
}
