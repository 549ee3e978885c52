package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/osiriscare/osiris/appliance/internal/config"
	"github.com/osiriscare/osiris/appliance/internal/enroll"
	"github.com/osiriscare/osiris/appliance/internal/identity"
	"github.com/osiriscare/osiris/appliance/internal/store"
)

// newToken writes the file an agent enrols with. It works beside a running
// appliance: both open state.db.
func newToken(ctx context.Context, c config.Config, t enroll.Token, address, file string) (err error) {
	id, err := identity.Load(c.DataDir)
	if err != nil {
		return err
	}
	if address == "" {
		if address, err = reachable(c); err != nil {
			return err
		}
	}
	out, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("making token file: %w", err)
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			err = errors.Join(err, os.Remove(file))
		}
	}()
	st, err := store.Open(ctx, statePath(c), enroll.Schema)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	token, err := enroll.NewToken(ctx, st, t)
	if err != nil {
		return err
	}
	pin := sha256.Sum256(id.SiteRoot.RawSubjectPublicKeyInfo)
	_, err = fmt.Fprintf(out, "appliance_addr = %s\nsite_root = %x\ncentral_root = %s\ntoken = %s\n",
		address, pin, id.Provision.CentralRoot, token)
	return err
}

// reachable is where agents find the appliance: the bound address, with a name
// for "every interface".
func reachable(c config.Config) (string, error) {
	address := c.AgentListen
	if bound, err := os.ReadFile(filepath.Join(c.DataDir, "agent.addr")); err == nil {
		address = strings.TrimSpace(string(bound))
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("reading agent address %q: %w", address, err)
	}
	if port == "0" {
		return "", errors.New("agent_listen has port 0 and the appliance has not run yet; name the address with --address")
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		if host, err = os.Hostname(); err != nil {
			return "", fmt.Errorf("reading the host name: %w", err)
		}
	}
	return net.JoinHostPort(host, port), nil
}

func statePath(c config.Config) string { return filepath.Join(c.DataDir, "state.db") }
