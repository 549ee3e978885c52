package main

import (
	"encoding/json"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
)

// answerer is an appliance that gives every order the same result.
func answerer(t *testing.T, a *ct.Appliance, result *centralv1.OrderResult) {
	t.Helper()
	sent := ct.Value(a.Client.CheckIn(t.Context(), connect.NewRequest(&centralv1.CheckInRequest{})))(t).Msg.GetOrders()
	var reports []*centralv1.OrderReport
	for _, e := range sent {
		o := &centralv1.Order{}
		ct.Check(t, proto.Unmarshal(e.GetPayload(), o))
		reports = append(reports, &centralv1.OrderReport{OrderId: o.GetOrderId(), State: centralv1.OrderState_ORDER_STATE_DONE, Result: result})
	}
	ct.Value(a.Client.CheckIn(t.Context(), connect.NewRequest(&centralv1.CheckInRequest{OrderReports: reports})))(t)
}

func TestAnOrderIsPlacedAndItsResultShown(t *testing.T) {
	c, env := server(t)
	a := c.Appliance(c.Site("Lakeside", "Harbour").ID)
	site := a.Identity.GetSiteId()
	for _, args := range [][]string{
		{"ws01", "--kind", "workstation", "--credential", "clinic"}, {"lin01", "--kind", "linux", "--credential", "ssh"},
	} {
		if code, out, err := ctl(t, env, append(append([]string{"target", "add"}, args...), "--site", site)...); code != 0 {
			t.Fatalf("target add = %d: %s%s", code, out, err)
		}
	}
	const book = "windows.firewall.enable"
	for _, tt := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"runbook", "run", book}, exitUsage, "--target"},
		{[]string{"runbook", "run", "no.such.book", "--target", "ws01"}, exitError, "runbook list"},
		{[]string{"runbook", "run", book, "--target", "ws01", "--param", "x"}, exitUsage, "NAME=VALUE"},
		{[]string{"runbook", "run", book, "--target", "ws01", "--param", "x=1"}, exitError, "not one of them"},
		{[]string{"runbook", "run", book, "--target", "ws02"}, exitError, "target list"},
		{[]string{"runbook", "orders", "00"}, exitError, "32 hexadecimal"},
		{[]string{"runbook", "orders", strings.Repeat("0", 32)}, exitError, "not found"},
		{[]string{"runbook", "cancel", strings.Repeat("0", 32)}, exitError, "not found"},
		{[]string{"target", "reset-host-key", "ws01"}, exitError, "no SSH host"},
		{[]string{"target", "reset-host-key", "lin01", "--accept", "x"}, exitError, "ssh-keygen"},
	} {
		code, out, err := ctl(t, env, append(tt.args, "--site", site)...)
		if code != tt.code || !strings.Contains(out+err, tt.says) {
			t.Errorf("osirisctl %v = %d: %s%s; want %d and %q", tt.args, code, out, err, tt.code, tt.says)
		}
	}
	code, out, err := ctl(t, env, "runbook", "run", book, "--target", "ws01", "--wait", "1ms", "--site", site)
	if code != exitNotYet || !strings.Contains(out, "it may begin until") || !strings.Contains(err, "never") {
		t.Errorf("with an appliance that never came = %d: %s%s; want %d and that", code, out, err, exitNotYet)
	}
	order := func(args ...string) string {
		t.Helper()
		code, out, err := ctl(t, env, append(args, "--json", "--site", site)...)
		var placed struct {
			ID    string `json:"order_id"`
			State string `json:"state"`
		}
		if e := json.Unmarshal([]byte(out), &placed); e != nil || code != 0 || len(placed.ID) != 32 || placed.State != "ORDER_STATE_WAITING" {
			t.Fatalf("osirisctl %v = %d, %v: %s%s", args, code, e, out, err)
		}
		return placed.ID
	}
	fails := &centralv1.OrderSight{CheckId: "firewall", Status: "fail", Reason: "It is \x1b[1moff."}
	for name, tt := range map[string]struct {
		args   []string
		result *centralv1.OrderResult
		code   int
		says   string
	}{
		"healed":         {nil, &centralv1.OrderResult{Outcome: "healed", Message: "It is on."}, 0, "healed and verified: It is on."},
		"in order":       {nil, &centralv1.OrderResult{Outcome: "not_needed"}, 0, "nothing to do"},
		"a dry run":      {[]string{"--dry-run"}, &centralv1.OrderResult{Outcome: "dry_run", Before: fails}, exitDrift, "firewall fail. It is  [1moff."},
		"only an alert":  {nil, &centralv1.OrderResult{Outcome: "refused", Before: fails}, exitDrift, "refused"},
		"not lab":        {nil, &centralv1.OrderResult{Outcome: "refused", Advice: "Mark it."}, exitRefused, "what to do: Mark it."},
		"rolled back":    {nil, &centralv1.OrderResult{Outcome: "rolled_back"}, exitError, "rolled back"},
		"failed":         {nil, &centralv1.OrderResult{Outcome: "failed", LeftOut: 3}, exitError, "3 parts are left out"},
		"something new":  {nil, &centralv1.OrderResult{Outcome: "surprising"}, exitError, "surprising"},
		"what would run": {nil, &centralv1.OrderResult{Outcome: "healed", Steps: []*centralv1.OrderStep{{Phase: "remediate", Path: "x.ps1", Writes: []string{"service:MpsSvc"}}}}, 0, "writes service:MpsSvc"},
	} {
		t.Run(name, func(t *testing.T) {
			id := order(append([]string{"runbook", "run", book, "--target", "ws01"}, tt.args...)...)
			answerer(t, a, tt.result)
			code, out, err := ctl(t, env, "runbook", "orders", id, "--wait", "1m", "--site", site)
			if code != tt.code || !strings.Contains(out, tt.says) || !strings.Contains(err, "done") {
				t.Errorf("runbook orders = %d: %s%s; want %d and %q", code, out, err, tt.code, tt.says)
			}
		})
	}
	id := order("runbook", "run", book, "--target", "ws01")
	if code, out, err := ctl(t, env, "runbook", "cancel", id, "--site", site, "--reason", "a slip"); code != 0 || !strings.Contains(out, "withdrawn before") {
		t.Errorf("runbook cancel = %d: %s%s", code, out, err)
	}
	if code, out, err := ctl(t, env, "runbook", "orders", id, "--site", site, "--wait", "1m"); code != exitRefused || !strings.Contains(out, "withdrawn before") {
		t.Errorf("a withdrawn order = %d: %s%s; want %d", code, out, err, exitRefused)
	}
	id = order("target", "reset-host-key", "lin01")
	answerer(t, a, &centralv1.OrderResult{Outcome: "forgotten", PinnedFingerprint: "SHA256:old", ShownFingerprint: "SHA256:new"})
	if code, out, err := ctl(t, env, "runbook", "orders", id, "--site", site); code != 0 || !strings.Contains(out, "SHA256:old") || !strings.Contains(out, "SHA256:new") {
		t.Errorf("the host key's order = %d: %s%s", code, out, err)
	}
	if code, out, _ := ctl(t, env, "runbook", "orders", "--limit", "3", "--site", site); code != 0 || strings.Count(out, "\n") != 4 || !strings.Contains(out, "forget host key") {
		t.Errorf("runbook orders = %d: %s", code, out)
	}
}
