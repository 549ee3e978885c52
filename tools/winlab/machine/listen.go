package machine

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/osiriscare/osiris/tools/winlab/labca"
	"github.com/osiriscare/osiris/tools/winlab/ntlm"
	"github.com/osiriscare/osiris/tools/winlab/wsman"
)

// listen opens what the machine has; m.mu is free.
func (m *Machine) listen(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.stopping.Err(); err != nil {
		return fmt.Errorf("listening for %s: %w", m.cfg.Name, err)
	}
	var config net.ListenConfig
	for _, at := range []struct {
		address *string
		tls     bool
	}{{&m.http, false}, {&m.https, true}} {
		if *at.address == "" {
			continue
		}
		l, err := listenSoon(ctx, config, *at.address)
		if err != nil {
			return fmt.Errorf("listening for %s: %w", m.cfg.Name, err)
		}
		*at.address = l.Addr().String()
		m.open = append(m.open, l)
		if err := m.serve(gatedListener{l, m.gate}, at.tls); err != nil {
			return err
		}
	}
	return nil
}

// listenSoon tries again for a while: between a restart's end and beginning
// somebody's outgoing connection may have the port.
func listenSoon(ctx context.Context, config net.ListenConfig, address string) (net.Listener, error) {
	for range 50 {
		l, err := config.Listen(ctx, "tcp", address)
		if !errors.Is(err, syscall.EADDRINUSE) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return config.Listen(ctx, "tcp", address)
}

func (m *Machine) serve(l net.Listener, secure bool) error {
	var bindings []byte
	if secure {
		hash, err := labca.EndPointHash(m.cert)
		if err != nil {
			return fmt.Errorf("serving HTTPS of %s: %w", m.cfg.Name, err)
		}
		bindings = ntlm.EndpointBindings(hash)
		config := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{m.cert}, NextProtos: []string{"http/1.1"}}
		if m.cfg.Certificate != nil {
			// http.sys asks in a renegotiation, which Go's server has not.
			config.ClientAuth = tls.RequestClientCert
		}
		l = tls.NewListener(l, config)
	}
	server := &http.Server{
		Handler: m.service, ConnContext: m.service.ConnContext, ReadHeaderTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		BaseContext:  func(net.Listener) context.Context { return wsman.WithBindings(m.stopping, bindings) },
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
		ErrorLog:     slog.NewLogLogger(m.cfg.Log.Handler(), slog.LevelDebug),
	}
	m.servers = append(m.servers, server)
	m.group.Go(func() { _ = server.Serve(l) })
	return nil
}
