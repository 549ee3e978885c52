package main

import (
	"context"
	"fmt"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

func directoryList(ctx context.Context, s *shell, o *options, _ []string) error {
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	all := &centralv1.ListDirectoryResponse{}
	all.NextPageToken, err = s.pages(func(token string, size uint32) (int, string, error) {
		r, err := c.ListDirectory(ctx, connect.NewRequest(&centralv1.ListDirectoryRequest{
			SiteId: o.site, Unwatched: o.unwatched, PageToken: token, PageSize: size,
		}))
		if err != nil {
			return 0, "", err
		}
		all.Domains = r.Msg.GetDomains()
		all.Computers = append(all.Computers, r.Msg.GetComputers()...)
		return len(all.Computers), r.Msg.GetNextPageToken(), nil
	})
	if err != nil || s.json {
		return orPrint(s, err, all)
	}
	if len(all.GetDomains()) == 0 {
		fmt.Fprintln(s.stderr, "osirisctl: no appliance of the site reads a domain, or none has told of it yet: target add --kind domain") //nolint:errcheck // a hint only
	}
	for _, d := range all.GetDomains() {
		fmt.Fprintln(s.stderr, "osirisctl: "+plain(domainWords(d))) //nolint:errcheck // a hint only
	}
	var rows [][]string
	for _, v := range all.GetComputers() {
		rows = append(rows, []string{
			v.GetName(), v.GetKind(), v.GetOs(), computerState(v), when(v.GetLastLogonMs()), or(v.GetWatched(), "nobody"), v.GetDnsName(), v.GetObjectGuid(),
		})
	}
	s.more(all.GetNextPageToken())
	return s.table("COMPUTER\tKIND\tOS\tSTATE\tLAST LOGON\tWATCHED BY\tDNS NAME\tOBJECTGUID", rows)
}

// domainWords say how a domain was read, in one line.
func domainWords(d *centralv1.DirectoryDomain) string {
	text := fmt.Sprintf("%s (%s) by %s: ", d.GetName(), d.GetDomain(), d.GetApplianceId())
	if d.GetListedMs() == 0 {
		text += "not listed yet"
	} else {
		text += fmt.Sprintf("listed %s by %s, whole %s", when(d.GetListedMs()), d.GetController(), when(d.GetFullMs()))
	}
	if n := d.GetAmbiguous(); n > 0 {
		text += fmt.Sprintf("; %d are not scanned because of their DNS names", n)
	}
	if d.GetTruncated() {
		text += "; NOT ALL: the domain has more computers than an appliance keeps"
	}
	if n := d.GetReferrals(); n > 0 {
		text += fmt.Sprintf("; %d referrals not followed", n)
	}
	if d.GetProblem() != "" {
		text += fmt.Sprintf("; FAILS since %s: %s", when(d.GetProblemSinceMs()), d.GetProblem())
	}
	if d.GetHeld() {
		text += "; not tried again until the credential is rotated"
	}
	return text
}

// computerState is one word.
func computerState(c *centralv1.DirectoryComputer) string {
	switch {
	case c.GetGone() != "":
		return c.GetGone()
	case c.GetStale():
		return "stale"
	}
	return "there"
}
