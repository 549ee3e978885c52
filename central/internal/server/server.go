// Package server is Central's two listeners: api (TLS 1.3 under Central's own
// authority, client certificates of appliances verified at the handshake) and
// web (plain HTTP on loopback: dashboard and operators' API). Bind opens the
// socket and writes its address to <data_dir>/<name>.addr, Run serves until its
// context ends. Requests in flight then get drainTime.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// Time limits of HTTP. There is none for writing: live pages stay open.
const (
	headerTime = 10 * time.Second
	bodyTime   = 2 * time.Minute
	idleTime   = 5 * time.Minute
	drainTime  = 5 * time.Second
	maxHeader  = 64 << 10
)

// Server is one listener.
type Server struct {
	name     string
	listen   string
	addrFile string
	http     *http.Server
	log      *slog.Logger
	listener net.Listener
}

// Config says where a server listens.
type Config struct {
	Name    string // api or web
	Listen  string
	DataDir string
}

// New makes a server; onStop is called when it begins to stop, to end requests
// that never end by themselves.
func New(cfg Config, handler http.Handler, onStop func(), log *slog.Logger) *Server {
	s := &Server{
		name: cfg.Name, listen: cfg.Listen, addrFile: filepath.Join(cfg.DataDir, cfg.Name+".addr"),
		log: log.With("component", "server", "listener", cfg.Name),
		http: &http.Server{
			Handler: handler, ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		},
	}
	s.http.ErrorLog = slog.NewLogLogger(s.log.Handler(), slog.LevelDebug) // strangers' broken handshakes are no news
	if onStop != nil {
		s.http.RegisterOnShutdown(onStop)
	}
	return s
}

// Bind opens the socket.
func (s *Server) Bind(ctx context.Context) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", s.listen)
	if err != nil {
		return fmt.Errorf("listening for %s on %s: %w; is another program using the port? Change %s_listen", s.name, s.listen, err, s.name)
	}
	s.listener = l
	if err := os.WriteFile(s.addrFile, []byte(l.Addr().String()+"\n"), 0o600); err != nil {
		return errors.Join(fmt.Errorf("writing address of %s: %w", s.name, err), l.Close())
	}
	s.log.InfoContext(ctx, "listening", "addr", l.Addr().String())
	return nil
}

// Addr is the bound address.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Run serves until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() {
		if s.http.TLSConfig != nil {
			failed <- s.http.ServeTLS(s.listener, "", "")
			return
		}
		failed <- s.http.Serve(s.listener)
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("serving %s: %w", s.name, err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := s.http.Shutdown(drain); err != nil {
		s.log.WarnContext(ctx, "requests were cut off", "error", err)
		return s.http.Close()
	}
	return nil
}
