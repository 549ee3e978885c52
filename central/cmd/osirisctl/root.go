package main

import (
	"context"
	"fmt"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

func rootList(ctx context.Context, s *shell, o *options, _ []string) error {
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	r, err := c.ListSiteRoots(ctx, connect.NewRequest(&centralv1.ListSiteRootsRequest{SiteId: o.site}))
	if err != nil || s.json {
		return orPrint(s, err, r.Msg)
	}
	var rows [][]string
	for _, v := range r.Msg.GetRoots() {
		state := "issues"
		if !v.GetIssuing() {
			state = "former, replaced " + when(v.GetReplacedMs())
		}
		rows = append(rows, []string{v.GetFingerprint(), state})
	}
	return s.table("FINGERPRINT\tSTATE", rows)
}

func rootRotate(ctx context.Context, s *shell, o *options, _ []string) error {
	if err := need([2]string{"site", o.site}, [2]string{"reason", o.reason}); err != nil {
		return err
	}
	c, err := s.fleet()
	if err != nil {
		return err
	}
	r, err := c.RotateSiteRoot(ctx, connect.NewRequest(&centralv1.RotateSiteRootRequest{SiteId: o.site, Reason: o.reason}))
	if err != nil {
		return fmt.Errorf("rotating root of site %s: %w", o.site, err)
	}
	if s.json {
		return s.printMessage(r.Msg)
	}
	_, err = fmt.Fprintf(s.stdout, "%s issues from now on; remove the former root in 30 days, when every agent knows this one\n", r.Msg.GetFingerprint())
	return err
}

func rootRemove(ctx context.Context, s *shell, o *options, args []string) error {
	if err := need([2]string{"site", o.site}, [2]string{"reason", o.reason}); err != nil {
		return err
	}
	c, err := s.fleet()
	if err != nil {
		return err
	}
	r, err := c.RemoveSiteRoot(ctx, connect.NewRequest(&centralv1.RemoveSiteRootRequest{
		SiteId: o.site, Fingerprint: args[0], Reason: o.reason, Force: o.force,
	}))
	if err != nil {
		return fmt.Errorf("removing root %s: %w", args[0], err)
	}
	if s.json {
		return s.printMessage(r.Msg)
	}
	_, err = fmt.Fprintf(s.stdout, "removed in trust document version %d\n", r.Msg.GetTrustVersion())
	return err
}
