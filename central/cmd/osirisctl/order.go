package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/proto/central/v1/centralv1connect"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/runbook"
)

// Exit codes of an order that was waited for, or is shown.
const (
	exitDrift   = 4 // the check fails, and nothing was changed
	exitRefused = 5
	exitNotYet  = 6
)

// orderFlags are what an order says.
type orderFlags struct {
	target, appliance, check, accept string
	params                           list
	dryRun                           bool
	wait, valid                      time.Duration
}

// runbookRun orders a runbook.
func runbookRun(ctx context.Context, s *shell, o *options, args []string) error {
	if err := need([2]string{"target", o.order.target}); err != nil {
		return err
	}
	catalogue, err := runbook.Load()
	if err != nil {
		return err
	}
	book, err := catalogue.Get(args[0])
	if err != nil {
		return fmt.Errorf("%w; osirisctl runbook list has all", err)
	}
	params, err := parametersOf(o.order.params)
	if err != nil {
		return err
	}
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	r, err := c.OrderRunbook(ctx, connect.NewRequest(&centralv1.OrderRunbookRequest{
		SiteId: o.site, Target: o.order.target, RunbookId: book.ID, RunbookHash: book.Hash[:], Parameters: params, CheckId: o.order.check,
		DryRun: o.order.dryRun, ApplianceId: o.order.appliance, Reason: o.reason, ValidMs: o.order.valid.Milliseconds(),
	}))
	if err != nil {
		return fmt.Errorf("ordering %s on %s: %w", book.ID, o.order.target, err)
	}
	return s.follow(ctx, c, o, r.Msg.GetOrder())
}

func parametersOf(given list) (out []*trustv1.Parameter, err error) {
	for _, g := range given {
		name, value, found := strings.Cut(g, "=")
		if !found || name == "" {
			return nil, fmt.Errorf("--param %q is not NAME=VALUE: %w", g, errUsage)
		}
		out = append(out, &trustv1.Parameter{Name: name, Value: value})
	}
	return out, nil
}

// targetResetHostKey orders that an SSH host's pinned key is forgotten.
func targetResetHostKey(ctx context.Context, s *shell, o *options, args []string) error {
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	r, err := c.OrderHostKey(ctx, connect.NewRequest(&centralv1.OrderHostKeyRequest{
		SiteId: o.site, Target: args[0], Accept: o.order.accept, ApplianceId: o.order.appliance, Reason: o.reason, ValidMs: o.order.valid.Milliseconds(),
	}))
	if err != nil {
		return fmt.Errorf("ordering that the key of %s is forgotten: %w", args[0], err)
	}
	return s.follow(ctx, c, o, r.Msg.GetOrder())
}

// runbookOrders lists a site's orders, or shows one.
func runbookOrders(ctx context.Context, s *shell, o *options, args []string) error {
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	if len(args) > 0 {
		r, err := c.GetOrder(ctx, connect.NewRequest(&centralv1.GetOrderRequest{SiteId: o.site, OrderId: args[0]}))
		if err != nil {
			return fmt.Errorf("reading order %s: %w", args[0], err)
		}
		return s.follow(ctx, c, o, r.Msg.GetOrder())
	}
	all := &centralv1.ListOrdersResponse{}
	all.NextPageToken, err = s.pages(func(token string, size uint32) (int, string, error) {
		r, err := c.ListOrders(ctx, connect.NewRequest(&centralv1.ListOrdersRequest{SiteId: o.site, PageToken: token, PageSize: size}))
		if err != nil {
			return 0, "", err
		}
		all.Orders = append(all.Orders, r.Msg.GetOrders()...)
		return len(all.Orders), r.Msg.GetNextPageToken(), nil
	})
	if err != nil || s.json {
		return orPrint(s, err, all)
	}
	var rows [][]string
	for _, p := range all.GetOrders() {
		rows = append(rows, []string{
			p.GetOrderId(), word(p.GetState().String(), "ORDER_STATE_"), p.GetReport().GetResult().GetOutcome(), p.GetOrder().GetTarget(), ordered(p.GetOrder()),
			p.GetOrder().GetPerson(), when(p.GetOrder().GetMadeMs()),
		})
	}
	s.more(all.GetNextPageToken())
	return s.table("ORDER\tSTATE\tOUTCOME\tTARGET\tWHAT\tBY\tAT", rows)
}

// runbookCancel withdraws an order that waits.
func runbookCancel(ctx context.Context, s *shell, o *options, args []string) error {
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	r, err := c.CancelOrder(ctx, connect.NewRequest(&centralv1.CancelOrderRequest{SiteId: o.site, OrderId: args[0], Reason: o.reason}))
	if err != nil {
		return fmt.Errorf("withdrawing order %s: %w", args[0], err)
	}
	if s.json {
		return s.printMessage(r.Msg.GetOrder())
	}
	return s.showOrder(r.Msg.GetOrder())
}

// ordered is what an order does, in a few words.
func ordered(o *centralv1.Order) string {
	switch {
	case o.GetRunbook().GetDryRun():
		return "dry run of " + o.GetRunbook().GetRunbookId()
	case o.GetRunbook() != nil:
		return o.GetRunbook().GetRunbookId()
	case o.GetHostKey().GetAccept() != "":
		return "accept host key " + o.GetHostKey().GetAccept()
	}
	return "forget host key"
}

// pollEvery is how often Central is asked how an order stands.
const pollEvery = 500 * time.Millisecond

// follow prints an order; with --wait when it is done, and meanwhile how far it is.
func (s *shell) follow(ctx context.Context, c centralv1connect.FleetServiceClient, o *options, p *centralv1.PlacedOrder) error {
	p, err := s.await(ctx, c, o, p)
	if err != nil {
		return err
	}
	if s.json {
		err = s.printMessage(p)
	} else {
		err = s.showOrder(p)
	}
	if err != nil {
		return err
	}
	if code := codeOf(p, o.order.wait > 0); code != 0 {
		return code
	}
	return nil
}

func (s *shell) await(ctx context.Context, c centralv1connect.FleetServiceClient, o *options, p *centralv1.PlacedOrder) (*centralv1.PlacedOrder, error) {
	if o.order.wait <= 0 {
		return p, nil
	}
	patience := time.NewTimer(o.order.wait)
	defer patience.Stop()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for said := ""; ; {
		if now := progress(p); now != said {
			said = now
			if _, err := fmt.Fprintf(s.stderr, "osirisctl: order %s: %s\n", p.GetOrderId(), plain(now)); err != nil {
				return nil, err
			}
		}
		if ended(p) {
			return p, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for order %s, which goes on: %w", p.GetOrderId(), ctx.Err())
		case <-patience.C:
			return p, nil
		case <-poll.C:
		}
		r, err := c.GetOrder(ctx, connect.NewRequest(&centralv1.GetOrderRequest{SiteId: o.site, OrderId: p.GetOrderId()}))
		switch {
		case connect.CodeOf(err) == connect.CodeUnavailable && err != nil:
			// Central restarts; the order goes on.
		case err != nil:
			return nil, fmt.Errorf("asking about order %s: %w", p.GetOrderId(), err)
		default:
			p = r.Msg.GetOrder()
		}
	}
}

func ended(p *centralv1.PlacedOrder) bool {
	return p.GetState() == centralv1.OrderState_ORDER_STATE_DONE || unbegun(p)
}

// unbegun says that an order is over without having reached its appliance.
func unbegun(p *centralv1.PlacedOrder) bool {
	return p.GetState() == centralv1.OrderState_ORDER_STATE_EXPIRED || p.GetState() == centralv1.OrderState_ORDER_STATE_CANCELLED
}

// progress is how far an order is, in one sentence.
func progress(p *centralv1.PlacedOrder) string {
	detail := func(words string) string {
		if d := p.GetReport().GetDetail(); d != "" {
			return words + ": " + d
		}
		return words
	}
	switch p.GetState() {
	case centralv1.OrderState_ORDER_STATE_WAITING:
		if p.GetApplianceState() == "online" {
			return "waiting for the appliance's next check-in, within a minute"
		}
		return "waiting; the appliance is " + p.GetApplianceState() + ", its last check-in was " + lastSeen(p)
	case centralv1.OrderState_ORDER_STATE_EXPIRED:
		return "expired: the appliance did not take it until " + when(p.GetOrder().GetNotAfterMs()) + "; its last check-in was " + lastSeen(p)
	case centralv1.OrderState_ORDER_STATE_CANCELLED:
		return "withdrawn before the appliance was given it"
	case centralv1.OrderState_ORDER_STATE_TAKEN:
		return detail("taken")
	case centralv1.OrderState_ORDER_STATE_RUNNING:
		return detail("running")
	case centralv1.OrderState_ORDER_STATE_DONE:
		return "done"
	case centralv1.OrderState_ORDER_STATE_UNSPECIFIED:
	}
	return "in a state that this program does not know"
}

func lastSeen(p *centralv1.PlacedOrder) string {
	if p.GetLastCheckInMs() == 0 {
		return "never"
	}
	return "at " + when(p.GetLastCheckInMs())
}

// codeOf is the exit code that scripts decide by. An order that is not done yet
// is a mistake only of who waited for it.
func codeOf(p *centralv1.PlacedOrder, waited bool) exitCode {
	if unbegun(p) {
		return exitRefused
	}
	if !ended(p) {
		if waited {
			return exitNotYet
		}
		return 0
	}
	switch r := p.GetReport().GetResult(); r.GetOutcome() {
	case "healed", "not_needed", "replaced", "forgotten":
		return 0
	case "dry_run":
		return exitDrift
	case "refused":
		if r.GetBefore().GetStatus() == "fail" {
			return exitDrift
		}
		return exitRefused
	}
	return exitError
}

// short is the beginning of a hash.
func short(sum []byte) string { return hex.EncodeToString(sum[:min(len(sum), 8)]) }
