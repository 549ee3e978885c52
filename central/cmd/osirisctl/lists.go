package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/proto/central/v1/centralv1connect"
)

// maxPage is how many rows one call may ask for.
const maxPage = 1000

// pages asks for page after page until the limit; get appends a page's rows and
// returns how many there are now and the token of the next.
func (s *shell) pages(get func(token string, size uint32) (total int, next string, err error)) (next string, err error) {
	limit := int(s.limit)
	if s.all {
		limit = 1 << 30
	}
	for total, token := 0, ""; ; {
		total, token, err = get(token, uint32(min(limit-total, maxPage)))
		if err != nil || token == "" || total >= limit {
			return token, err
		}
	}
}

// more tells on standard error that the list goes on.
func (s *shell) more(next string) {
	if next != "" {
		fmt.Fprintln(s.stderr, "there are more; use --limit N or --all") //nolint:errcheck // a hint only
	}
}

func scoreWords(s *centralv1.Score) string {
	switch {
	case s.GetPercent() < 0:
		return "no data"
	case s.GetPass()+s.GetFail() == 0:
		return fmt.Sprintf("no verdict (%d unknown)", s.GetUnknown()) // 0 % would read as failing (D17)
	}
	return fmt.Sprintf("%d%% (%d pass, %d fail, %d unknown)", s.GetPercent(), s.GetPass(), s.GetFail(), s.GetUnknown())
}

func number[T ~uint32 | ~uint64](n T) string { return strconv.FormatUint(uint64(n), 10) }

func clients(ctx context.Context, s *shell, _ *options, _ []string) error {
	c, err := s.fleet()
	if err != nil {
		return err
	}
	all := &centralv1.ListClientsResponse{}
	all.NextPageToken, err = s.pages(func(token string, size uint32) (int, string, error) {
		r, err := c.ListClients(ctx, connect.NewRequest(&centralv1.ListClientsRequest{PageToken: token, PageSize: size}))
		if err != nil {
			return 0, "", err
		}
		all.Clients = append(all.Clients, r.Msg.GetClients()...)
		return len(all.Clients), r.Msg.GetNextPageToken(), nil
	})
	if err != nil || s.json {
		return orPrint(s, err, all)
	}
	var rows [][]string
	for _, v := range all.GetClients() {
		rows = append(rows, []string{v.GetClientId(), v.GetName(), number(v.GetSites()), scoreWords(v.GetScore())})
	}
	s.more(all.GetNextPageToken())
	return s.table("CLIENT\tNAME\tSITES\tCHECKS", rows)
}

func sites(ctx context.Context, s *shell, o *options, _ []string) error {
	c, err := s.fleet()
	if err != nil {
		return err
	}
	all := &centralv1.ListSitesResponse{}
	all.NextPageToken, err = s.pages(func(token string, size uint32) (int, string, error) {
		r, err := c.ListSites(ctx, connect.NewRequest(&centralv1.ListSitesRequest{ClientId: o.client, PageToken: token, PageSize: size}))
		if err != nil {
			return 0, "", err
		}
		all.Sites = append(all.Sites, r.Msg.GetSites()...)
		return len(all.Sites), r.Msg.GetNextPageToken(), nil
	})
	if err != nil || s.json {
		return orPrint(s, err, all)
	}
	var rows [][]string
	for _, v := range all.GetSites() {
		appliance := "none"
		for _, a := range v.GetAppliances() {
			appliance = a.GetState()
		}
		rows = append(rows, []string{
			v.GetSiteId(), v.GetName(), tierWord(v.GetTier()), tierWord(v.GetCeiling()), number(v.GetHosts()),
			number(v.GetOpenIncidents()), scoreWords(v.GetScore()), appliance,
		})
	}
	s.more(all.GetNextPageToken())
	return s.table("SITE\tNAME\tTIER\tCEILING\tHOSTS\tOPEN\tCHECKS\tAPPLIANCE", rows)
}

func hosts(ctx context.Context, s *shell, o *options, _ []string) error {
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	all := &centralv1.ListHostsResponse{}
	all.NextPageToken, err = s.pages(func(token string, size uint32) (int, string, error) {
		r, err := c.ListHosts(ctx, connect.NewRequest(&centralv1.ListHostsRequest{SiteId: o.site, PageToken: token, PageSize: size}))
		if err != nil {
			return 0, "", err
		}
		all.Hosts = append(all.Hosts, r.Msg.GetHosts()...)
		return len(all.Hosts), r.Msg.GetNextPageToken(), nil
	})
	if err != nil || s.json {
		return orPrint(s, err, all)
	}
	var rows [][]string
	for _, v := range all.GetHosts() {
		rows = append(rows, []string{
			v.GetHostId(), v.GetHostname(), v.GetOs(), v.GetState(), when(v.GetLastSeenMs()), scoreWords(v.GetScore()), number(v.GetOpenIncidents()),
		})
	}
	s.more(all.GetNextPageToken())
	return s.table("HOST\tNAME\tOS\tSTATE\tLAST SEEN\tCHECKS\tOPEN", rows)
}

func host(ctx context.Context, s *shell, o *options, args []string) error {
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	r, err := c.GetHost(ctx, connect.NewRequest(&centralv1.GetHostRequest{SiteId: o.site, HostId: args[0]}))
	if err != nil {
		return fmt.Errorf("reading host %s: %w", args[0], err)
	}
	if s.json {
		return s.printMessage(r.Msg)
	}
	var rows [][]string
	for _, v := range r.Msg.GetChecks() {
		rows = append(rows, []string{v.GetCheckId(), v.GetStatus(), v.GetSource(), when(v.GetObservedMs()), v.GetCitation(), v.GetReason()})
	}
	return s.table("CHECK\tSTATUS\tSOURCE\tMEASURED\tCITATION\tREASON", rows)
}

func incidents(ctx context.Context, s *shell, o *options, _ []string) error {
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	all := &centralv1.ListIncidentsResponse{}
	all.NextPageToken, err = s.pages(func(token string, size uint32) (int, string, error) {
		r, err := c.ListIncidents(ctx, connect.NewRequest(&centralv1.ListIncidentsRequest{SiteId: o.site, State: o.state, PageToken: token, PageSize: size}))
		if err != nil {
			return 0, "", err
		}
		all.Incidents = append(all.Incidents, r.Msg.GetIncidents()...)
		return len(all.Incidents), r.Msg.GetNextPageToken(), nil
	})
	if err != nil || s.json {
		return orPrint(s, err, all)
	}
	var rows [][]string
	for _, v := range all.GetIncidents() {
		rows = append(rows, []string{
			v.GetIncidentId(), v.GetState(), v.GetSeverity(), v.GetHostname(), v.GetCheckId(), v.GetOutcome(), when(v.GetOpenedMs()), v.GetSummary(),
		})
	}
	s.more(all.GetNextPageToken())
	return s.table("INCIDENT\tSTATE\tSEVERITY\tHOST\tCHECK\tOUTCOME\tOPENED\tSUMMARY", rows)
}

// ofSite connects for a command about one site. Where there is only one, it
// need not be named.
func (s *shell) ofSite(ctx context.Context, o *options) (centralv1connect.FleetServiceClient, error) {
	c, err := s.fleet()
	if err != nil || o.site != "" {
		return c, err
	}
	r, err := c.ListSites(ctx, connect.NewRequest(&centralv1.ListSitesRequest{PageSize: 2}))
	if err != nil {
		return nil, err
	}
	switch all := r.Msg.GetSites(); len(all) {
	case 0:
		return nil, errors.New("there is no site yet: make one with `osirisctl client create` and `osirisctl site create`")
	case 1:
		o.site = all[0].GetSiteId()
		return c, nil
	default:
		return nil, fmt.Errorf("there are several sites: choose one with --site, `osirisctl sites` lists them: %w", errUsage)
	}
}
