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

// explain says an error as a person reads it, with what to do where something can
// be done.
func explain(err error) error {
	var unknown x509.UnknownAuthorityError
	text := wording(err)
	switch code := connect.CodeOf(err); {
	case errors.As(err, &unknown):
		return fmt.Errorf("%s; give Central's authority with --ca FILE (ca/tls.pem of its data folder)", text)
	case code == connect.CodeUnauthenticated:
		return fmt.Errorf("%s; the token file may be of another Central", text)
	case code == connect.CodeUnavailable:
		return fmt.Errorf("%s; is Central running, and is --server right?", text)
	case code == connect.CodeNotFound || code == connect.CodeAborted:
		return errors.New(text + whereListed(text))
	}
	return errors.New(text)
}

// wording is an error without the word for its code, and without what Central and
// this program both say.
func wording(err error) string {
	var answer *connect.Error
	text := err.Error()
	if !errors.As(err, &answer) {
		return text
	}
	before, _, found := strings.Cut(text, answer.Error())
	if !found || before != "" && strings.HasPrefix(answer.Message(), before) {
		return answer.Message()
	}
	return before + answer.Message()
}

// whereListed names the command that lists what was not found.
func whereListed(text string) string {
	for _, l := range [][2]string{
		{"reading site", "sites"},
		{"rotate", "credential list"},
		{"withdrawing credential", "credential list"},
		{"removing target", "target list"},
		{"reading host", "hosts"},
		{"order", "runbook orders"},
	} {
		if strings.Contains(text, l[0]) && !strings.Contains(text, "osirisctl "+l[1]) {
			return "; `osirisctl " + l[1] + "` shows what there is"
		}
	}
	return ""
}

// need names the first missing flag.
func need(flags ...[2]string) error {
	for _, f := range flags {
		if f[1] == "" {
			if f[0] == "site" {
				return fmt.Errorf("--site is missing, `osirisctl sites` lists them: %w", errUsage)
			}
			return fmt.Errorf("--%s is missing: %w", f[0], errUsage)
		}
	}
	return nil
}
