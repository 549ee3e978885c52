package stack

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/osiriscare/osiris/proto/central/v1/centralv1connect"
)

// StartCentral makes Central's keys at the first call, starts it, and opens its
// API.
func (s *Stack) StartCentral(ctx context.Context) error {
	if s.Fleet == nil {
		if err := s.initCentral(ctx); err != nil {
			return err
		}
	}
	if err := s.Central.Start(ctx); err != nil {
		return err
	}
	token, err := os.ReadFile(s.path("central", "operator.token"))
	if err != nil {
		return fmt.Errorf("reading the operator's token: %w", err)
	}
	s.Fleet = centralv1connect.NewFleetServiceClient(&http.Client{Timeout: 30 * time.Second},
		s.WebURL(), connect.WithInterceptors(bearer(strings.TrimSpace(string(token)))))
	return nil
}

func (s *Stack) initCentral(ctx context.Context) error {
	err := write(s.path("central.yaml"), fmt.Sprintf(`data_dir: %q
api_listen: "127.0.0.1:%d"
web_listen: "127.0.0.1:%d"
public_url: "https://127.0.0.1:%d"
log_format: json
`, s.path("central"), s.cfg.Ports.API, s.cfg.Ports.Web, s.cfg.Ports.API))
	if err != nil {
		return err
	}
	_, err = s.command(ctx, "osiris-central", "init", "--config", s.path("central.yaml"), "--root-dir", s.path("offline-root"))
	return err
}

// CentralConfig is Central's configuration file.
func (s *Stack) CentralConfig() string { return s.path("central.yaml") }

// WebURL is where the dashboard is.
func (s *Stack) WebURL() string { return fmt.Sprintf("http://127.0.0.1:%d", s.cfg.Ports.Web) }

// LoginURL is an address that signs its reader in, once.
func (s *Stack) LoginURL(ctx context.Context) (string, error) {
	out, err := s.command(ctx, "osiris-central", "login-link", "--config", s.path("central.yaml"))
	return strings.TrimSpace(out), err
}

// StartAppliance claims the appliance's identity at the first call and starts
// it.
func (s *Stack) StartAppliance(ctx context.Context) error {
	scan, err := s.scanSettings()
	if err != nil {
		return err
	}
	err = write(s.path("appliance.yaml"), fmt.Sprintf(`data_dir: %q
agent_listen: "127.0.0.1:%d"
fallback_listen: "127.0.0.1:%d"
sensor_listen: "127.0.0.1:%d"
status_listen: "127.0.0.1:%d"
evidence_dir: %q
check_in_interval: 1s
log_format: json
central:
  provisioning_file: %q
%s`, s.path("appliance"), s.cfg.Ports.Agent, s.cfg.Ports.Fallback, s.cfg.Ports.Sensor, s.cfg.Ports.Status, s.EvidenceDir(), s.path("provisioning"), scan))
	if err != nil {
		return err
	}
	return s.Appliance.Start(ctx)
}

// bearer adds the operator's token to each call.
func bearer(token string) connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			req.Header().Set("Authorization", "Bearer "+token)
			return next(ctx, req)
		}
	}
}

// output runs a program and gives all it said.
func output(ctx context.Context, path string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, path, args...).CombinedOutput()
	return string(out), err
}
