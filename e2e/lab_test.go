//go:build integration

package e2e_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/osiriscare/osiris/e2e/stack"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/tools/winlab/practice"
)

// lab is a running stack beside the Windows hosts of a practice.
type lab struct {
	*site
	*practice.Practice
	In practice.Inventory
}

// startLab brings up Central, an appliance that asks hosts every ten seconds, and
// the hosts of a practice, which are nobody's target yet. Their account is sealed
// for the appliance as the credential stack.Credential. change may change the
// appliance's settings.
func startLab(t *testing.T, cfg practice.Config, tier trustv1.Tier, change ...func(*stack.Config)) *lab {
	t.Helper()
	built, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Catalogue, err = runbook.Load(); err != nil {
		t.Fatal(err)
	}
	cfg.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	l := &lab{}
	if l.Practice, err = practice.New(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	l.In = l.Inventory()
	settings := stack.Config{Binaries: maps.Clone(built), Scan: stack.Scan{Interval: 10 * time.Second, Deadline: 10 * time.Second, CAs: l.In.CA}}
	for _, c := range change {
		c(&settings)
	}
	l.site = startBare(t, settings, tier)
	l.must("sealing the hosts' account", func(ctx context.Context) error { return l.AddCredential(ctx, l.In) })
	return l
}

// host gives a host of the practice by its name.
func (l *lab) host(name string) (*practice.Host, practice.Entry) {
	l.t.Helper()
	for i, h := range l.Hosts() {
		if h.Name == name {
			return h, l.In.Hosts[i]
		}
	}
	l.t.Fatalf("there is no host %s", name)
	return nil, practice.Entry{}
}

// target makes a host a target, named as the host; change may change how.
func (l *lab) target(name string, change ...func(*centralv1.Target)) {
	l.t.Helper()
	_, entry := l.host(name)
	t, err := stack.TargetOf(entry)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, c := range change {
		c(t)
	}
	l.must("adding a target", func(ctx context.Context) error { return l.AddTarget(ctx, t) })
}

// central gives what Central shows of a host, nil when it does not know it yet.
func (s *site) central(ctx context.Context, hostname string) (*centralv1.GetHostResponse, error) {
	all, err := s.Fleet.ListHosts(ctx, connect.NewRequest(&centralv1.ListHostsRequest{SiteId: s.SiteID}))
	if err != nil {
		return nil, err
	}
	for _, h := range all.Msg.GetHosts() {
		if !strings.EqualFold(h.GetHostname(), hostname) {
			continue
		}
		got, err := s.Fleet.GetHost(ctx, connect.NewRequest(&centralv1.GetHostRequest{SiteId: s.SiteID, HostId: h.GetHostId()}))
		if err != nil {
			return nil, err
		}
		return got.Msg, nil
	}
	return nil, nil
}

// judged waits until Central shows a check of a host of the practice with a status,
// from the source winrm, and gives it.
func (l *lab) judged(name, check, status string) (state *centralv1.CheckState) {
	l.t.Helper()
	l.until(fmt.Sprintf("%s of %s is %s", check, name, status), func(ctx context.Context) error {
		got, err := l.central(ctx, name)
		if err != nil {
			return err
		}
		for _, c := range got.GetChecks() {
			if c.GetCheckId() == check && c.GetSource() == "winrm" {
				state = c
			}
		}
		if state.GetStatus() != status {
			return fmt.Errorf("it is %q: %s", state.GetStatus(), state.GetReason())
		}
		return nil
	})
	return state
}
