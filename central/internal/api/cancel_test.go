package api_test

import (
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/signed"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
	"github.com/osiriscare/osiris/central/internal/store"
)

func withdraw(t *testing.T, c *ct.Central, site store.SiteID, id string) (*centralv1.PlacedOrder, error) {
	t.Helper()
	m := &centralv1.CancelOrderRequest{SiteId: string(site), OrderId: id, Reason: "a slip"}
	r, err := c.Operator(c.Token).CancelOrder(t.Context(), connect.NewRequest(m))
	if err != nil {
		return nil, err
	}
	return r.Msg.GetOrder(), nil
}

func TestAWaitingOrderIsWithdrawnAndNeverSent(t *testing.T) {
	c, s, a := practice(t)
	first, second := ct.Value(place(t, c, request(t, s.ID)))(t), ct.Value(place(t, c, request(t, s.ID)))(t)
	gone := ct.Value(withdraw(t, c, s.ID, first.GetOrderId()))(t)
	if gone.GetState() != centralv1.OrderState_ORDER_STATE_CANCELLED {
		t.Errorf("a withdrawn order is %s", gone.GetState())
	}
	line := ct.Value(c.Store.Audits(t.Context(), 0, 1))(t)[0]
	if line.Action != "CancelOrder" || line.Subject != first.GetOrderId()+": a slip" || line.Actor != "tester" {
		t.Errorf("audit line = %+v", line)
	}
	sent := told(t, a, &centralv1.CheckInRequest{}).GetOrders()
	if len(sent) != 1 {
		t.Fatalf("the appliance is given %d orders; want the other one", len(sent))
	}
	for id, says := range map[string]string{
		first.GetOrderId(): "withdrawn before", second.GetOrderId(): "nothing stops it", strings.Repeat("0", 32): "not found", "00": "32 hexadecimal",
	} {
		if _, err := withdraw(t, c, s.ID, id); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("withdrawing %s = %v; want %q", id, err, says)
		}
	}
	if _, err := withdraw(t, c, c.Site("Lakeside", "Harbour").ID, second.GetOrderId()); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("withdrawing another site's order = %v; want not found", err)
	}
}

func TestOnlyWhatWasSignedWhenItWasAskedForIsSent(t *testing.T) {
	c, s, a := practice(t)
	now := time.Now()
	appliance := a.Identity.GetApplianceId()
	other := c.Appliance(c.Site("Lakeside", "Harbour").ID)
	own := func(change func(*centralv1.Order)) []byte {
		o := &centralv1.Order{
			SiteId: string(s.ID), ApplianceId: appliance, Sequence: 7, OrderId: make([]byte, 16), TargetId: "t_x", Target: "x",
			NotBeforeMs: now.UnixMilli(), NotAfterMs: now.Add(time.Minute).UnixMilli(), Person: "somebody else",
		}
		change(o)
		return ct.Value(proto.Marshal(o))(t)
	}
	stranger := ct.Value(signed.Generate())(t)
	n := byte(0)
	add := func(body []byte, e signed.Envelope) {
		t.Helper()
		n++
		ct.Check(t, c.Store.AddOrder(t.Context(), store.Order{
			SiteID: s.ID, ApplianceID: store.ApplianceID(appliance), Sequence: uint64(n), ID: append(make([]byte, 15), n),
			NotAfterMs: now.Add(time.Minute).UnixMilli(), Body: body, KeyID: e.KeyID[:], Signature: e.Signature,
		}))
	}
	mine := func(o *centralv1.Order) { o.Sequence, o.OrderId = uint64(n)+1, append(make([]byte, 15), n+1) }
	add(own(mine), signed.Envelope{})                      // no signature
	add(own(mine), stranger.Seal(signed.Order, own(mine))) // of another key
	add(own(mine), c.Keys.Online.Seal(signed.Decision, own(mine)))
	theirs := own(func(o *centralv1.Order) { mine(o); o.ApplianceId = other.Identity.GetApplianceId() })
	add(theirs, c.Keys.Online.Seal(signed.Order, theirs)) // signed for another appliance
	before := own(func(o *centralv1.Order) { mine(o); o.Sequence = 99 })
	add(before, c.Keys.Online.Seal(signed.Order, before)) // signed under another sequence
	placed := ct.Value(place(t, c, request(t, s.ID)))(t).GetOrder()
	sent := told(t, a, &centralv1.CheckInRequest{}).GetOrders()
	if len(sent) != 1 {
		t.Fatalf("the appliance is given %d orders; want only the one that was asked for", len(sent))
	}
	o := &centralv1.Order{}
	ct.Check(t, proto.Unmarshal(sent[0].GetPayload(), o))
	if !proto.Equal(o, placed) || o.GetMeant().GetHost() != "ws01" || o.GetMeant().GetKind() != "workstation" || o.GetMeant().GetCredential() != "scan" {
		t.Errorf("the order sent is %v", o)
	}
}
