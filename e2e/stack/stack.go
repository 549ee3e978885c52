// Package stack starts the product as a customer would have it: Central, one
// appliance and agents as real processes on loopback, with configuration files,
// under one folder that the caller names. ./dev up shows it to people, tests
// break it. Everything goes through the programs' own commands, files and APIs;
// nothing of their insides is known here. Ports are chosen once, so that each
// program can be ended and started again.
package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/proto/central/v1/centralv1connect"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// Config says what is started, and where.
type Config struct {
	// Dir holds all data; it must exist and be empty.
	Dir string
	// Binaries are the paths by name: osiris-central, osiris-appliance,
	// osiris-agent, and osirisctl for those who call Operator.
	Binaries map[string]string
	Ports    Ports
	// CheckInterval is how often the agent runs each check.
	CheckInterval time.Duration
	// Scan is for hosts without an agent.
	Scan Scan
	// Each gets every line logged by any program, from several goroutines.
	Each func(Line)
}

// Stack is Central, an appliance and the computers of a practice.
type Stack struct {
	cfg    Config
	agents []*Computer
	// Central and Appliance are the processes.
	Central, Appliance *Process
	// Fleet is Central's API with the operator's token; filled by StartCentral.
	Fleet centralv1connect.FleetServiceClient
	// SiteID and Trust, the fingerprint of Central's root, are filled by SetUp.
	SiteID, Trust string
}

// New prepares the folders and chooses ports; nothing runs yet.
func New(ctx context.Context, cfg Config) (*Stack, error) {
	if err := cfg.Ports.fill(ctx); err != nil {
		return nil, err
	}
	for _, d := range []string{"logs", "central", "appliance"} {
		if err := os.MkdirAll(filepath.Join(cfg.Dir, d), 0o700); err != nil {
			return nil, fmt.Errorf("making the data folder: %w", err)
		}
	}
	s := &Stack{cfg: cfg}
	s.Central = s.process("central", "osiris-central", "ready", "serve", "--config", s.path("central.yaml"))
	s.Appliance = s.process("appliance", "osiris-appliance", "ready", "run", "--config", s.path("appliance.yaml"))
	return s, nil
}

func (s *Stack) process(name, binary, ready string, args ...string) *Process {
	return &Process{
		Name: name, Path: s.cfg.Binaries[binary], Args: args, Ready: ready,
		Log: s.path("logs", strings.ReplaceAll(name, " ", "-")+".log"), Each: s.cfg.Each,
	}
}

func (s *Stack) path(parts ...string) string {
	return filepath.Join(append([]string{s.cfg.Dir}, parts...)...)
}

// Ports are the ports in use.
func (s *Stack) Ports() Ports { return s.cfg.Ports }

// EvidenceDir is where the appliance exports evidence.
func (s *Stack) EvidenceDir() string { return s.path("appliance", "evidence") }

// SignatureFile is where the appliance looks for the signed list of remote
// management software.
func (s *Stack) SignatureFile() string { return s.path("appliance", "signatures.bin") }

// UpdateDir is where the appliance looks for signed programs.
func (s *Stack) UpdateDir() string { return s.path("appliance", "update") }

// Site is what SetUp makes.
type Site struct {
	Client, Name string
	Tier         trustv1.Tier
}

// SetUp does what an operator does before an appliance arrives: a client, a
// site, its policy and a provisioning code, all by Central's API.
func (s *Stack) SetUp(ctx context.Context, site Site) error {
	client, err := s.Fleet.CreateClient(ctx, connect.NewRequest(&centralv1.CreateClientRequest{Name: site.Client}))
	if err != nil {
		return fmt.Errorf("making the client: %w", err)
	}
	made, err := s.Fleet.CreateSite(ctx, connect.NewRequest(&centralv1.CreateSiteRequest{
		ClientId: client.Msg.GetClient().GetClientId(), Name: site.Name, Ceiling: trustv1.Tier_TIER_SELF_HEAL,
	}))
	if err != nil {
		return fmt.Errorf("making the site: %w", err)
	}
	s.SiteID = made.Msg.GetSite().GetSiteId()
	s.Trust = made.Msg.GetSite().GetCentralRootFingerprint()
	if err := s.SetTier(ctx, site.Tier); err != nil {
		return err
	}
	code, err := s.Fleet.CreateProvisioningCode(ctx, connect.NewRequest(&centralv1.CreateProvisioningCodeRequest{SiteId: s.SiteID}))
	if err != nil {
		return fmt.Errorf("making the provisioning code: %w", err)
	}
	return write(s.path("provisioning"), code.Msg.GetProvisioning()+"\n")
}

// SetTier publishes a policy with this tier for all hosts.
func (s *Stack) SetTier(ctx context.Context, tier trustv1.Tier) error {
	_, err := s.Fleet.SetPolicy(ctx, connect.NewRequest(&centralv1.SetPolicyRequest{SiteId: s.SiteID, Policy: &trustv1.Policy{
		Tier: tier, Ceiling: trustv1.Tier_TIER_SELF_HEAL,
		CheckIntervalMs: uint32(s.cfg.CheckInterval.Milliseconds()), CheckJitterPercent: 10,
	}}))
	if err != nil {
		return fmt.Errorf("publishing the policy: %w", err)
	}
	return nil
}

// Stop stops the agents, the appliance and Central, in this order.
func (s *Stack) Stop() error {
	var errs []error
	for _, c := range s.agents {
		errs = append(errs, c.Stop())
	}
	return errors.Join(append(errs, s.Appliance.Stop(), s.Central.Stop())...)
}

// Kill ends all programs with no chance to clean up.
func (s *Stack) Kill() error {
	var errs []error
	for _, c := range s.agents {
		errs = append(errs, c.Kill())
	}
	return errors.Join(append(errs, s.Appliance.Kill(), s.Central.Kill())...)
}

// write writes a file that only its owner reads.
func write(path string, content string) error {
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return fmt.Errorf("writing a file: %w", err)
	}
	return nil
}

// command runs a verb of a program to its end.
func (s *Stack) command(ctx context.Context, binary string, args ...string) (string, error) {
	out, err := output(ctx, s.cfg.Binaries[binary], args...)
	if err != nil {
		return "", fmt.Errorf("running %s %s: %w: %s", binary, strings.Join(args, " "), err, strings.TrimSpace(out))
	}
	return out, nil
}
