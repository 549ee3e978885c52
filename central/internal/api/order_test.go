package api_test

import (
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/shared/signed"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
	"github.com/osiriscare/osiris/central/internal/store"
)

const firewall = "windows.firewall.enable"

// practice is a site with an appliance and two targets.
func practice(t *testing.T) (*ct.Central, store.Site, *ct.Appliance) {
	t.Helper()
	c := ct.New(t)
	s := c.Site("Riverside", "Main Street")
	for _, m := range []*centralv1.Target{
		{Name: "ws01", Kind: centralv1.TargetKind_TARGET_KIND_WORKSTATION, Host: "ws01", Credential: "scan"},
		{Name: "lin01", Kind: centralv1.TargetKind_TARGET_KIND_LINUX, Host: "10.0.0.9", Credential: "ssh"},
		{Name: "lin02", Kind: centralv1.TargetKind_TARGET_KIND_LINUX, Host: "10.0.0.8", Credential: "ssh", Pin: make([]byte, 32)},
	} {
		ct.Value(c.Operator(c.Token).AddTarget(t.Context(), connect.NewRequest(&centralv1.AddTargetRequest{SiteId: string(s.ID), Target: m})))(t)
	}
	return c, s, c.Appliance(s.ID)
}

// request orders the firewall's runbook on ws01.
func request(t *testing.T, site store.SiteID) *centralv1.OrderRunbookRequest {
	t.Helper()
	book := ct.Value(ct.Value(runbook.Load())(t).Get(firewall))(t)
	return &centralv1.OrderRunbookRequest{SiteId: string(site), Target: "ws01", RunbookId: book.ID, RunbookHash: book.Hash[:], DryRun: true}
}

func place(t *testing.T, c *ct.Central, m *centralv1.OrderRunbookRequest) (*centralv1.PlacedOrder, error) {
	t.Helper()
	r, err := c.Operator(c.Token).OrderRunbook(t.Context(), connect.NewRequest(m))
	if err != nil {
		return nil, err
	}
	return r.Msg.GetOrder(), nil
}

func told(t *testing.T, a *ct.Appliance, m *centralv1.CheckInRequest) *centralv1.CheckInResponse {
	t.Helper()
	return ct.Value(a.Client.CheckIn(t.Context(), connect.NewRequest(m)))(t).Msg
}

func TestAnOrderGoesSignedToItsApplianceUntilItIsReported(t *testing.T) {
	c, s, a := practice(t)
	told(t, a, &centralv1.CheckInRequest{})
	placed := ct.Value(place(t, c, request(t, s.ID)))(t)
	if placed.GetState() != centralv1.OrderState_ORDER_STATE_WAITING || placed.GetApplianceState() != "online" {
		t.Errorf("the order is %s, its appliance %s", placed.GetState(), placed.GetApplianceState())
	}
	sent := told(t, a, &centralv1.CheckInRequest{}).GetOrders()
	if len(sent) != 1 {
		t.Fatalf("the appliance is given %d orders; want 1", len(sent))
	}
	payload, err := ct.Value(signed.FromWire(sent[0]))(t).Open(signed.Order, c.Keys.Online.Public())
	ct.Check(t, err)
	o := &centralv1.Order{}
	ct.Check(t, proto.Unmarshal(payload, o))
	window := time.Duration(o.GetNotAfterMs()-o.GetNotBeforeMs()) * time.Millisecond
	if !proto.Equal(o, placed.GetOrder()) || o.GetSiteId() != string(s.ID) || o.GetApplianceId() != a.Identity.GetApplianceId() || o.GetPerson() != "tester" ||
		window > time.Hour || o.GetSequence() < uint64(time.Now().Add(-time.Minute).Unix()) || o.GetTargetId() == "" || len(o.GetOrderId()) != 16 { //nolint:gosec // after 1970
		t.Errorf("the order is %v, its window %s", o, window)
	}
	if n := len(told(t, a, &centralv1.CheckInRequest{OrderSequence: o.GetSequence()}).GetOrders()); n != 0 {
		t.Errorf("an appliance that took it is given %d orders; want none", n)
	}
	report := &centralv1.OrderReport{OrderId: o.GetOrderId(), State: centralv1.OrderState_ORDER_STATE_RUNNING, Detail: "busy"}
	if m := told(t, a, &centralv1.CheckInRequest{OrderReports: []*centralv1.OrderReport{report}}); len(m.GetOrders()) != 0 || len(m.GetSettledOrders()) != 0 {
		t.Errorf("after it has begun the appliance is given %v", m)
	}
	report.State, report.Result = centralv1.OrderState_ORDER_STATE_DONE, &centralv1.OrderResult{Outcome: "dry_run", Steps: []*centralv1.OrderStep{{Phase: "detect"}}}
	if m := told(t, a, &centralv1.CheckInRequest{OrderReports: []*centralv1.OrderReport{report}}); len(m.GetSettledOrders()) != 1 {
		t.Errorf("a result is confirmed %d times; want once", len(m.GetSettledOrders()))
	}
	get := &centralv1.GetOrderRequest{SiteId: string(s.ID), OrderId: placed.GetOrderId()}
	done := ct.Value(c.Operator(c.Token).GetOrder(t.Context(), connect.NewRequest(get)))(t).Msg.GetOrder()
	if done.GetState() != centralv1.OrderState_ORDER_STATE_DONE || done.GetReport().GetResult().GetOutcome() != "dry_run" || len(done.GetReport().GetResult().GetSteps()) != 1 {
		t.Errorf("the order is %v", done)
	}
	line := ct.Value(c.Store.Audits(t.Context(), 0, 1))(t)[0]
	if line.Action != "OrderRunbook" || !strings.Contains(line.Subject, firewall+" on ws01 dry run") || line.Outcome != "ok" {
		t.Errorf("audit line = %+v", line)
	}
}

func TestSequencesGrowEvenWhenCentralHasForgottenSome(t *testing.T) {
	c, s, a := practice(t)
	ahead := uint64(time.Now().Add(time.Hour).Unix()) //nolint:gosec // after 1970
	told(t, a, &centralv1.CheckInRequest{OrderSequence: ahead})
	for want := ahead + 1; want <= ahead+3; want++ {
		if o := ct.Value(place(t, c, request(t, s.ID)))(t); o.GetOrder().GetSequence() != want {
			t.Errorf("the next order has %d; want %d", o.GetOrder().GetSequence(), want)
		}
	}
	page := ct.Value(c.Operator(c.Token).ListOrders(t.Context(), connect.NewRequest(&centralv1.ListOrdersRequest{SiteId: string(s.ID), PageSize: 2})))(t).Msg
	rest := ct.Value(c.Operator(c.Token).ListOrders(t.Context(), connect.NewRequest(&centralv1.ListOrdersRequest{
		SiteId: string(s.ID), PageSize: 2, PageToken: page.GetNextPageToken(),
	})))(t).Msg
	if len(page.GetOrders()) != 2 || page.GetOrders()[0].GetOrder().GetSequence() != ahead+3 || len(rest.GetOrders()) != 1 || rest.GetNextPageToken() != "" {
		t.Errorf("two pages have %d and %d orders", len(page.GetOrders()), len(rest.GetOrders()))
	}
}

func TestWhatCannotBeCarriedOutIsNotOrdered(t *testing.T) {
	c, s, a := practice(t)
	for name, tt := range map[string]struct {
		change func(m *centralv1.OrderRunbookRequest)
		says   string
	}{
		"another site":            {func(m *centralv1.OrderRunbookRequest) { m.SiteId = "s_x" }, "not found"},
		"no such target":          {func(m *centralv1.OrderRunbookRequest) { m.Target = "ws99" }, "target list"},
		"no such runbook":         {func(m *centralv1.OrderRunbookRequest) { m.RunbookId = "windows.x.y" }, "runbook list"},
		"another catalogue":       {func(m *centralv1.OrderRunbookRequest) { m.RunbookHash = make([]byte, 32) }, "same release"},
		"another platform":        {func(m *centralv1.OrderRunbookRequest) { m.Target = "lin01" }, "is for windows"},
		"a parameter nobody has":  {func(m *centralv1.OrderRunbookRequest) { m.Parameters = []*trustv1.Parameter{{Name: "x"}} }, "not one of them"},
		"a check it is not for":   {func(m *centralv1.OrderRunbookRequest) { m.CheckId = "smbv1" }, "only for firewall"},
		"a longer window":         {func(m *centralv1.OrderRunbookRequest) { m.ValidMs = 3_600_001 }, "an hour"},
		"a window before now":     {func(m *centralv1.OrderRunbookRequest) { m.ValidMs = -1 }, "an hour"},
		"a reason without an end": {func(m *centralv1.OrderRunbookRequest) { m.Reason = strings.Repeat("x", 501) }, "reason"},
		"another appliance":       {func(m *centralv1.OrderRunbookRequest) { m.ApplianceId = "ap_x" }, "no live appliance"},
		"a parameter twice": {func(m *centralv1.OrderRunbookRequest) {
			m.Parameters = []*trustv1.Parameter{{Name: "x"}, {Name: "x"}}
		}, "twice"},
	} {
		m := request(t, s.ID)
		tt.change(m)
		if _, err := place(t, c, m); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s = %v; want %q", name, err, tt.says)
		}
	}
	for target, says := range map[string]string{"ws01": "no SSH host", "lin02": "pin of its own", "lin99": "target list"} {
		_, err := c.Operator(c.Token).OrderHostKey(t.Context(), connect.NewRequest(&centralv1.OrderHostKeyRequest{SiteId: string(s.ID), Target: target}))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("a host key of %s = %v; want %q", target, err, says)
		}
	}
	for accept, good := range map[string]bool{
		"": true, "SHA256:" + strings.Repeat("A", 43): true, "SHA256:" + strings.Repeat("A", 42): false, strings.Repeat("A", 43): false, "MD5:00:11": false,
		"SHA256:" + strings.Repeat("A", 42) + "B": false, // bits that nobody reads
	} {
		_, err := c.Operator(c.Token).OrderHostKey(t.Context(), connect.NewRequest(&centralv1.OrderHostKeyRequest{SiteId: string(s.ID), Target: "lin01", Accept: accept}))
		if (err == nil) != good {
			t.Errorf("accepting %q = %v; want it taken: %t", accept, err, good)
		}
	}
	if sent := told(t, a, &centralv1.CheckInRequest{}).GetOrders(); len(sent) != 2 {
		t.Errorf("the appliance is given %d orders; want the two good ones", len(sent))
	}
	c.Appliance(s.ID)
	if _, err := place(t, c, request(t, s.ID)); err == nil || !strings.Contains(err.Error(), "--appliance") {
		t.Errorf("an order without an appliance where there are two = %v; want it refused", err)
	}
	m := request(t, s.ID)
	m.ApplianceId = a.Identity.GetApplianceId()
	if o := ct.Value(place(t, c, m))(t); o.GetOrder().GetApplianceId() != m.GetApplianceId() {
		t.Errorf("the order is for %s; want the one that was named", o.GetOrder().GetApplianceId())
	}
}

func TestAReportThatCannotBeIsRefusedAndNotAskedForAgain(t *testing.T) {
	c, s, a := practice(t)
	o := ct.Value(place(t, c, request(t, s.ID)))(t).GetOrder()
	stranger := c.Appliance(c.Site("Lakeside", "Harbour").ID)
	done := func(change func(*centralv1.OrderReport)) *centralv1.OrderReport {
		r := &centralv1.OrderReport{OrderId: o.GetOrderId(), State: centralv1.OrderState_ORDER_STATE_DONE, Result: &centralv1.OrderResult{Outcome: "healed"}}
		change(r)
		return r
	}
	for name, tt := range map[string]struct {
		from   *ct.Appliance
		report *centralv1.OrderReport
	}{
		"another site's appliance": {stranger, done(func(*centralv1.OrderReport) {})},
		"an order nobody made":     {a, done(func(r *centralv1.OrderReport) { r.OrderId = make([]byte, 16) })},
		"no outcome":               {a, done(func(r *centralv1.OrderReport) { r.Result = nil })},
		"a state that is ours":     {a, done(func(r *centralv1.OrderReport) { r.State = centralv1.OrderState_ORDER_STATE_WAITING })},
		"too much":                 {a, done(func(r *centralv1.OrderReport) { r.Result.Message = strings.Repeat("x", 200<<10) })},
	} {
		if m := told(t, tt.from, &centralv1.CheckInRequest{OrderReports: []*centralv1.OrderReport{tt.report}}); len(m.GetSettledOrders()) != 1 {
			t.Errorf("a report with %s is asked for again", name)
		}
	}
	if sent := told(t, a, &centralv1.CheckInRequest{}).GetOrders(); len(sent) != 1 {
		t.Errorf("after refused reports the appliance is given %d orders; want 1", len(sent))
	}
}
