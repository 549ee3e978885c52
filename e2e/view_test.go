//go:build integration

package e2e_test

import (
	"context"
	"fmt"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// shows fails unless Central shows this status for the check on the one host.
func (s *site) shows(ctx context.Context, want string) error {
	hosts, err := s.Fleet.ListHosts(ctx, connect.NewRequest(&centralv1.ListHostsRequest{SiteId: s.SiteID}))
	if err != nil {
		return err
	}
	if n := len(hosts.Msg.GetHosts()); n != 1 {
		return fmt.Errorf("Central lists %d hosts; want 1", n)
	}
	host, err := s.Fleet.GetHost(ctx, connect.NewRequest(&centralv1.GetHostRequest{SiteId: s.SiteID, HostId: hosts.Msg.GetHosts()[0].GetHostId()}))
	if err != nil {
		return err
	}
	for _, c := range host.Msg.GetChecks() {
		if c.GetCheckId() == "sysctl_hardening" {
			if c.GetStatus() != want {
				return fmt.Errorf("Central shows %s; want %s", c.GetStatus(), want)
			}
			return nil
		}
	}
	return fmt.Errorf("Central shows nothing of the check")
}
