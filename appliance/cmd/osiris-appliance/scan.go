package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/osiriscare/osiris/appliance/internal/clock"
	"github.com/osiriscare/osiris/appliance/internal/config"
	"github.com/osiriscare/osiris/appliance/internal/credential"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
	"github.com/osiriscare/osiris/appliance/internal/scan"
	"github.com/osiriscare/osiris/appliance/internal/target"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/check"
	sealed "github.com/osiriscare/osiris/shared/credential"
	"github.com/osiriscare/osiris/shared/runbook"
)

// scanConfig is the configuration's part of package scan.
func scanConfig(c config.Config) scan.Config {
	return scan.Config{
		Windows: c.Scan.WindowsInterval, Linux: c.Scan.LinuxInterval, Workstation: c.Scan.WorkstationInterval,
		Limit: c.Scan.Limit, HostDeadline: c.Scan.HostDeadline,
	}
}

// authorities judge Windows hosts' certificates: the system's and those of the
// site's file. One pool, because roads share connections by it.
type authorities struct{ pool *x509.CertPool }

func readAuthorities(path string) (authorities, error) {
	if path == "" {
		return authorities{}, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return authorities{}, fmt.Errorf("reading scan.ca_file: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without any
	}
	if !pool.AppendCertsFromPEM(text) {
		return authorities{}, errors.New("reading scan.ca_file " + path + ": it has no certificate")
	}
	return authorities{pool}, nil
}

// targetList is Central's list as roads take it.
type targetList struct {
	store *target.Store
	cas   *x509.CertPool
	// found are the computers of domains, which have no authorities yet.
	found func(ctx context.Context) ([]script.Target, error)
}

// List implements script.Targets.
func (l targetList) List(ctx context.Context) ([]script.Target, error) {
	list, err := l.store.List(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]script.Target, 0, len(list))
	for _, t := range list {
		out = append(out, script.Target{
			ID: t.ID, Kind: script.Kind(t.Kind), Host: t.Host, Port: t.Port, Name: t.TLSName, Label: t.Name, ObjectGUID: t.ObjectGUID,
			HTTP: t.HTTP, AllowBasic: t.AllowBasic, AllowPlain: t.AllowPlain, CAs: l.cas, Pin: t.Pin,
			Credential: t.Credential, Lab: t.Lab,
		})
	}
	found, err := l.found(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range found {
		t.CAs = l.cas
		out = append(out, t)
	}
	return out, nil
}

// namedHosts tell by which name orders reach a host.
type namedHosts struct {
	targets *target.Store
	hosts   *host.Registry
}

// TargetOf implements heal.Targets.
func (n namedHosts) TargetOf(ctx context.Context, hostID string) (string, error) {
	list, err := n.targets.List(ctx)
	if err != nil {
		return "", err
	}
	for i := range list {
		if n.hosts.OfTarget(list[i].ID) == hostID {
			return list[i].Name, nil
		}
	}
	return "", nil
}

// sitePolicy is what the site's documents say of hosts without an agent, and of
// those with one.
type sitePolicy struct{ tiers }

// TierOf is an agent's by its enrolment, and otherwise the policy's for the host.
func (p sitePolicy) TierOf(h host.Host, nowMs int64) trustlite.Tier {
	if h.AgentID != "" {
		return p.tiers.TierOf(h.AgentID, nowMs)
	}
	return p.policy.TierOf(h.ID, nowMs)
}

// Parameters are those that the policy sets for a check.
func (p sitePolicy) Parameters(id check.ID) check.Parameters {
	settings := p.policy.Current().Policy.GetParameters()
	return func(name string) (string, bool) {
		for _, s := range settings {
			if s.GetCheckId() == string(id) && s.GetName() == name {
				return s.GetValue(), true
			}
		}
		return "", false
	}
}

// shellCredentials opens credentials for Linux hosts.
type shellCredentials struct{ *credential.Store }

// SSH implements script.ShellCredentials.
func (s shellCredentials) SSH(ctx context.Context, name, host string) (ssh.Credential, string, error) {
	c, version, err := s.Open(ctx, name, host)
	if err != nil {
		return ssh.Credential{}, "", err
	}
	out := ssh.Credential{User: c.User, Sudo: ssh.Sudo(c.Sudo), SudoSecret: c.SudoSecret.Reveal()}
	switch c.Kind {
	case sealed.SSHKey:
		out.Key, out.Passphrase = []byte(c.Key.Reveal()), c.Passphrase.Reveal()
	case sealed.SSHPassword:
		out.Password = c.Password.Reveal()
	case sealed.WindowsPassword, sealed.ClientCertificate, sealed.LDAPBind:
		return ssh.Credential{}, "", fmt.Errorf("opening credential %s, a %s, for Linux: %w", name, c.Kind, credential.ErrKind)
	}
	return out, strconv.FormatUint(version, 10), nil
}

// makeRoads leads to hosts without an agent.
func makeRoads(w *winrm.Road, s *ssh.Road, c *credential.Store, books *runbook.Catalogue) (script.Road, error) {
	windows, err := script.NewWinRM(w, c, books)
	if err != nil {
		return nil, err
	}
	roads := script.Roads{"windows": windows, "linux": script.NewSSH(s, shellCredentials{c})}
	return script.Timed{Road: roads, Clock: clock.New()}, nil
}
