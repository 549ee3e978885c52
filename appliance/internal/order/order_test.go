package order

import (
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// runner works on a site whose loop does not run.
func runner(t testing.TB) *Runner {
	t.Helper()
	books, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return NewRunner(Deps{
		Orders: New(Config{SiteID: rehearsal.SiteID, ApplianceID: rehearsal.ApplianceID, Version: "1"}, nil, nil),
		Policy: &site{}, Catalogue: books, Versions: versions{}, Log: slog.New(slog.DiscardHandler),
	})
}

type versions struct{}

func (versions) Versions() (uint64, uint64) { return 7, 8 }

func TestAPlanNamesEveryScriptAndWhatItWrites(t *testing.T) {
	r := runner(t)
	book, err := r.Catalogue.Get("windows.firewall.enable")
	if err != nil {
		t.Fatal(err)
	}
	out := &centralv1.OrderResult{}
	if !r.plan(out, script.Target{Kind: script.Workstation}, book, nil) {
		t.Fatal("there is no plan")
	}
	var phases []string
	for _, s := range out.GetSteps() {
		phases = append(phases, s.GetPhase())
		if len(s.GetSha256()) != 32 || s.GetPath() == "" || s.GetTimeoutSeconds() == 0 {
			t.Errorf("a step = %v; want path, hash and time", s)
		}
	}
	if got := strings.Join(phases, " "); got != "detect snapshot remediate verify rollback" || len(out.GetSteps()[2].GetWrites()) == 0 {
		t.Errorf("the plan is %q, remediate writes %v", got, out.GetSteps()[2].GetWrites())
	}
	for name, c := range map[string]struct {
		kind   script.Kind
		params map[string]string
	}{"for another platform": {script.Linux, nil}, "with a parameter nobody knows": {script.Windows, map[string]string{"x": "1"}}} {
		if r.plan(&centralv1.OrderResult{}, script.Target{Kind: c.kind}, book, c.params) {
			t.Errorf("there is a plan %s", name)
		}
	}
}

func TestAResultStaysWithinItsBound(t *testing.T) {
	r := runner(t)
	book, err := r.Catalogue.Get("windows.firewall.enable")
	if err != nil {
		t.Fatal(err)
	}
	seen := &drift.Verdict{Verdict: check.Verdict{Check: check.Firewall, Status: check.Fail, Reason: "off"}}
	for n := range drift.MaxFacts {
		seen.Facts = append(seen.Facts, check.Fact{Name: "f" + strconv.Itoa(n), Value: strings.Repeat("x", drift.MaxText)})
	}
	in := &drift.Result{CommandID: strings.Repeat("0", 32), Outcome: drift.Failed, Message: "no", Before: seen, After: seen}
	o := &centralv1.Order{What: &centralv1.Order_Runbook{Runbook: &centralv1.RunbookOrder{RunbookId: book.ID}}}
	out := r.result(in, script.Target{Kind: script.Windows}, host.Host{ID: "h_1"}, book, o, 0)
	if size := proto.Size(out); size > maxResult || out.GetLeftOut() == 0 || len(out.GetBefore().GetFacts()) == 0 || len(out.GetSteps()) == 0 {
		t.Errorf("the result has %d bytes, %d parts left out, %d facts, %d steps", size, out.GetLeftOut(), len(out.GetBefore().GetFacts()), len(out.GetSteps()))
	}
	if out.GetBefore().GetStatus() != "fail" || out.GetOutcome() != "failed" || out.GetBundleId() != bundle.IDOf("command/"+in.CommandID+"/result") {
		t.Errorf("the result = %s %s %s", out.GetBefore().GetStatus(), out.GetOutcome(), out.GetBundleId())
	}
}

func TestTheEvidenceSaysWhoOrderedWhat(t *testing.T) {
	r := runner(t)
	o := &row{ID: "0a", Order: &centralv1.Order{
		Sequence: 9, Person: "maria", Reason: "she asked", Target: "WS01",
		What: &centralv1.Order_Runbook{Runbook: &centralv1.RunbookOrder{
			RunbookId: "windows.firewall.enable", RunbookHash: []byte{1, 2}, DryRun: true, Parameters: []*trustv1.Parameter{{Name: "a", Value: "b"}},
		}},
	}}
	b := r.orderEvidence(o, host.Host{ID: "h_1", Hostname: "WS01"}, 5)
	const want = "maria at Central (order 9) ordered a dry run of runbook windows.firewall.enable with a=b on WS01. Why: she asked"
	if b.Summary != want || b.Kind != bundle.KindCommand || b.CheckID != "firewall" || b.RunbookHash != "0102" || b.OrderID != "0a" ||
		b.CommandID != "0a" || b.HostID != "h_1" || b.TrustVersion != 7 || b.Level != "L3" {
		t.Errorf("the evidence = %+v", b)
	}
	if _, err := b.Encode(); err != nil {
		t.Error(err)
	}
}

func FuzzTake(f *testing.F) {
	central, err := rehearsal.NewSite(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	good, err := proto.Marshal(&centralv1.Order{
		SiteId: rehearsal.SiteID, ApplianceId: rehearsal.ApplianceID, Sequence: 1, OrderId: make([]byte, 16),
		What: &centralv1.Order_HostKey{HostKey: &centralv1.HostKeyOrder{}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add([]byte{})
	o := New(Config{SiteID: rehearsal.SiteID, ApplianceID: rehearsal.ApplianceID}, nil, signedBy{})
	f.Fuzz(func(t *testing.T, payload []byte) {
		r, err := o.read(sealBytes(central.Online, orderContext, payload))
		if err != nil {
			return
		}
		if len(r.ID) != 32 || r.sequence <= 0 || r.Order.GetApplianceId() != rehearsal.ApplianceID {
			t.Errorf("it was taken: %+v", r)
		}
	})
}

// signedBy believes every signature.
type signedBy struct{}

func (signedBy) OpenOrder(e *trustv1.SignedEnvelope) (*centralv1.Order, error) {
	o := &centralv1.Order{}
	return o, proto.Unmarshal(e.GetPayload(), o)
}
