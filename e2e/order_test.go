//go:build integration

package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/osiriscare/osiris/e2e/stack"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/tools/winlab/practice"
)

// ordered runs osirisctl and gives its exit code with all it said.
func (l *lab) ordered(args ...string) (int, string) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	out, err := l.Operator(ctx, "", args...)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, out
	case errors.As(err, &exit):
		return exit.ExitCode(), out
	}
	l.t.Fatal(err)
	return 0, ""
}

// TestAnOperatorRunsARunbookOnAHost follows orders from an operator's shell over
// Central and the appliance to a host and back: what is found is told, what is
// refused says what to do, what is healed is healed once, and all of it is
// evidence.
func TestAnOperatorRunsARunbookOnAHost(t *testing.T) {
	l := startLab(t, practice.Config{Hosts: 4, Healthy: true}, trustv1.Tier_TIER_SELF_HEAL, func(c *stack.Config) { c.Scan.Interval = time.Hour })
	const book, name = "windows.firewall.enable", "FRONTDESK-01"
	h, _ := l.host(name)
	isOn := func(want bool) {
		t.Helper()
		if on, _ := h.Model.Get("firewall.profiles.public.enabled"); on != want {
			t.Errorf("the firewall is on: %v; want %t", on, want)
		}
	}
	if err := h.Model.Set("firewall.profiles.public.enabled", false); err != nil {
		t.Fatal(err)
	}
	run := func(more ...string) (int, string) {
		t.Helper()
		return l.ordered(append([]string{"runbook", "run", book, "--target", name, "--wait", "2m"}, more...)...)
	}
	expect := func(code int, out string, want int, says ...string) {
		t.Helper()
		for _, s := range says {
			if code != want || !strings.Contains(out, s) {
				t.Errorf("it ended with %d; want %d and %q:\n%s", code, want, s, out)
			}
		}
	}
	code, out := run("--dry-run")
	expect(code, out, 1, "no target")
	l.target(name, func(m *centralv1.Target) { m.Lab = false })

	code, out = run("--dry-run")
	expect(code, out, 4, "drift found; it was a dry run", "firewall fail", "windows/windows.firewall.enable.remediate.ps1", "writes ", "marked lab: no")
	isOn(false)
	code, out = run()
	expect(code, out, 5, "refused, nothing was changed", "lab", "what to do: ")
	isOn(false)

	l.must("marking the host as lab", func(ctx context.Context) error {
		all, err := l.Fleet.ListTargets(ctx, connect.NewRequest(&centralv1.ListTargetsRequest{SiteId: l.SiteID}))
		if err != nil {
			return err
		}
		m := all.Msg.GetTargets()[0]
		m.Lab = true
		_, err = l.Fleet.AddTarget(ctx, connect.NewRequest(&centralv1.AddTargetRequest{SiteId: l.SiteID, Target: m, Replace: true}))
		return err
	})
	l.until("the appliance has the target", func(ctx context.Context) error {
		all, err := l.Fleet.ListTargets(ctx, connect.NewRequest(&centralv1.ListTargetsRequest{SiteId: l.SiteID}))
		if err == nil && len(all.Msg.GetWaitingAppliances()) > 0 {
			err = errors.New("it has not")
		}
		return err
	})
	code, out = run("--reason", "the receptionist turned it off", "--json")
	expect(code, out, 0, `"outcome": "healed"`)
	isOn(true)
	code, out = run()
	expect(code, out, 0, "nothing to do")

	code, out = l.ordered("runbook", "run", book, "--target", name, "--param", "x=1")
	expect(code, out, 1, "not one of them")
	code, out = l.ordered("target", "reset-host-key", name)
	expect(code, out, 1, "no SSH host")
	l.awayAndBack(book, name)
	l.cutOff(book, name)
	code, out = l.ordered("runbook", "orders")
	expect(code, out, 0, "healed", "refused", "dry_run", "expired", name)
	l.orderEvidence(t, book)
}

// awayAndBack orders while the appliance is away: the shell says so, an order
// whose time is over is not carried out, and one whose is not is.
func (l *lab) awayAndBack(book, name string) {
	l.t.Helper()
	l.must("killing the appliance", func(context.Context) error { return l.Appliance.Kill() })
	code, out := l.ordered("runbook", "run", book, "--target", name, "--valid", "1s", "--wait", "30s")
	if code != 5 || !strings.Contains(out, "expired") || !strings.Contains(out, "last check-in was at") {
		l.t.Errorf("an order to an appliance that is away = %d: %s", code, out)
	}
	code, out = l.ordered("runbook", "run", book, "--target", name, "--json")
	var placed struct {
		ID string `json:"order_id"`
	}
	if err := json.Unmarshal([]byte(out), &placed); code != 0 || err != nil || placed.ID == "" {
		l.t.Fatalf("an order that is not waited for = %d, %v: %s", code, err, out)
	}
	l.must("starting the appliance again", l.StartAppliance)
	code, out = l.ordered("runbook", "orders", placed.ID, "--wait", "2m")
	if code != 0 || !strings.Contains(out, "nothing to do") {
		l.t.Errorf("the order that waited = %d: %s", code, out)
	}
}

// cutOff kills the appliance in the middle of a run: after its restart it ends the
// run, and fixes the host once.
func (l *lab) cutOff(book, name string) {
	l.t.Helper()
	h, _ := l.host(name)
	if err := h.Model.Set("firewall.profiles.public.enabled", false); err != nil {
		l.t.Fatal(err)
	}
	h.Machine.Hang(true)
	code, out := l.ordered("runbook", "run", book, "--target", name, "--json")
	var placed struct {
		ID string `json:"order_id"`
	}
	if err := json.Unmarshal([]byte(out), &placed); code != 0 || err != nil {
		l.t.Fatalf("the order = %d, %v: %s", code, err, out)
	}
	l.until("the order has begun", func(ctx context.Context) error {
		r, err := l.Fleet.GetOrder(ctx, connect.NewRequest(&centralv1.GetOrderRequest{SiteId: l.SiteID, OrderId: placed.ID}))
		if err == nil && r.Msg.GetOrder().GetState() != centralv1.OrderState_ORDER_STATE_RUNNING {
			err = fmt.Errorf("it is %s", r.Msg.GetOrder().GetState())
		}
		return err
	})
	l.must("killing the appliance", func(context.Context) error { return l.Appliance.Kill() })
	h.Machine.Hang(false)
	l.must("starting the appliance again", l.StartAppliance)
	code, out = l.ordered("runbook", "orders", placed.ID, "--wait", "2m")
	fixes := 0
	for _, ran := range h.Model.History() {
		if ran.Changed {
			fixes++
		}
	}
	if on, _ := h.Model.Get("firewall.profiles.public.enabled"); code != 0 || on != true || fixes != 2 {
		l.t.Errorf("the order that was cut off = %d, the firewall is %v after %d fixes; want 0, true and 2:\n%s", code, on, fixes, out)
	}
}

// orderEvidence finds what was ordered and what became of it among the bundles.
func (l *lab) orderEvidence(t *testing.T, book string) {
	t.Helper()
	l.until("the orders are evidence", func(ctx context.Context) error {
		all, err := l.Fleet.ListEvidence(ctx, connect.NewRequest(&centralv1.ListEvidenceRequest{SiteId: l.SiteID, PageSize: 1000}))
		if err != nil {
			return err
		}
		commands, outcomes := 0, map[string]int{}
		for _, e := range all.Msg.GetEvidence() {
			switch {
			case e.GetKind() == "command" && strings.Contains(e.GetSummary(), book):
				commands++
			case e.GetKind() == "result":
				outcomes[e.GetOutcome()]++
			}
		}
		if commands != 6 || outcomes["success"] != 2 || outcomes["rejected"] != 1 || outcomes["none"] != 3 {
			return fmt.Errorf("there are %d orders and the results %v", commands, outcomes)
		}
		return nil
	})
}
