package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/osiriscare/osiris/proto/central/v1/centralv1connect"
)

// callTime bounds one call; the largest answers are pages of a thousand rows.
const callTime = time.Minute

// fleet connects to Central.
func (s *shell) fleet() (centralv1connect.FleetServiceClient, error) {
	if s.server == "" {
		return nil, fmt.Errorf("no server is named: use --server URL or set OSIRIS_CENTRAL_URL: %w", errUsage)
	}
	u, err := url.Parse(s.server)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("--server %q is not an address such as https://central.example:8443: %w", s.server, errUsage)
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("--server %q would send the token over the network unprotected; use https: %w", s.server, errUsage)
	}
	token, err := s.token()
	if err != nil {
		return nil, err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS13}
	if s.ca != "" {
		raw, err := os.ReadFile(s.ca)
		if err != nil {
			return nil, fmt.Errorf("reading authority: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(raw) {
			return nil, fmt.Errorf("reading authority %s: it holds no PEM certificate", s.ca)
		}
	}
	client := &http.Client{Timeout: callTime, Transport: &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}}
	return centralv1connect.NewFleetServiceClient(client, s.server, connect.WithInterceptors(bearer(token))), nil
}

func (s *shell) token() (string, error) {
	if s.tokenFile == "" {
		return "", fmt.Errorf("no token is named: use --token-file FILE or set OSIRIS_TOKEN_FILE; Central's data folder has operator.token: %w", errUsage)
	}
	raw, err := os.ReadFile(s.tokenFile)
	if err != nil {
		return "", fmt.Errorf("reading token: %w", err)
	}
	token := strings.TrimSpace(string(raw))
	if token == "" || strings.ContainsAny(token, " \n\r\t") {
		return "", fmt.Errorf("reading token: %s does not hold one token", s.tokenFile)
	}
	return token, nil
}

func bearer(token string) connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			req.Header().Set("Authorization", "Bearer "+token)
			return next(ctx, req)
		}
	}
}

// explain adds what to do to errors that a person can do something about.
func explain(err error) error {
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &unknown):
		return fmt.Errorf("%w; give Central's authority with --ca FILE (ca/tls.pem of its data folder)", err)
	case connect.CodeOf(err) == connect.CodeUnauthenticated:
		return fmt.Errorf("%w; the token file may be of another Central", err)
	case connect.CodeOf(err) == connect.CodeUnavailable:
		return fmt.Errorf("%w; is Central running, and is --server right?", err)
	}
	return err
}

// need names the first missing flag.
func need(flags ...[2]string) error {
	for _, f := range flags {
		if f[1] == "" {
			return fmt.Errorf("--%s is missing: %w", f[0], errUsage)
		}
	}
	return nil
}
