package site_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/bundle"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
	"github.com/osiriscare/osiris/central/internal/store"
)

func TestANewEpochNeedsTheLastCosignedCheckpoint(t *testing.T) {
	c := ct.New(t)
	a := c.Appliance(c.Site("Riverside", "Main Street").ID)
	open := func(last []byte) (*centralv1.OpenEpochResponse, error) {
		answer, err := a.Client.OpenEpoch(context.Background(), connect.NewRequest(&centralv1.OpenEpochRequest{LastCheckpoint: last, Reason: "restored"}))
		if err != nil {
			return nil, err
		}
		return answer.Msg, nil
	}
	if m := ct.Value(open(nil))(t); m.GetLogOrigin() != a.Origin {
		t.Errorf("an epoch for an empty log = %s; want the same log", m.GetLogOrigin())
	}
	a.Add(ct.Report("h_1", 1, "pass", ""))
	first := ct.Value(a.Submit(0))(t)
	a.Add(ct.Report("h_1", 2, "pass", ""))
	second := ct.Value(a.Submit(2))(t)
	for name, last := range map[string][]byte{"none": nil, "an older one": first.GetCosigned(), "an own one": a.Checkpoint()} {
		if _, err := open(last); connect.CodeOf(err) != connect.CodeFailedPrecondition {
			t.Errorf("OpenEpoch with %s = %v; want failed precondition", name, err)
		}
	}
	m := ct.Value(open(second.GetCosigned()))(t)
	if again := ct.Value(open(second.GetCosigned()))(t); again.GetLogOrigin() != m.GetLogOrigin() || m.GetLogOrigin() == a.Origin {
		t.Errorf("epochs %s and %s; want one new log", m.GetLogOrigin(), again.GetLogOrigin())
	}
	old := *a
	a.Trust = ct.Value(marshal(m.GetTrust()))(t)
	a.Begin(m.GetLogOrigin(), bundle.Epoch{Reason: "restored", LastCheckpoint: string(second.GetCosigned()), KeptSize: 3, LocalSize: 5})
	if answer := ct.Value(a.Submit(0))(t); answer.GetSize() != 1 {
		t.Errorf("size of the new log = %d; want 1", answer.GetSize())
	}
	old.Add(ct.Report("h_1", 3, "pass", ""))
	if _, err := old.Submit(3); connect.CodeOf(err) != connect.CodeFailedPrecondition {
		t.Errorf("the closed log = %v; want failed precondition", err)
	}
}

// fill gives the appliance n logs in the store, the newest of an age, and returns
// the end of the newest.
func fill(t *testing.T, c *ct.Central, a *ct.Appliance, n int, age time.Duration) (checkpoint []byte) {
	t.Helper()
	site, origin := store.SiteID(a.Identity.GetSiteId()), a.Origin
	for epoch := 0; ; epoch++ {
		held := ct.Value(c.Store.Witnessed(t.Context(), origin))(t)
		if held.Size == 0 {
			checkpoint = fmt.Appendf(nil, "end of %s", origin)
			ct.Check(t, c.Store.Take(t.Context(), store.Take{Site: site, Origin: origin, Witness: store.Witnessed{
				Size: 1, Root: []byte{}, Chain: []byte{}, Checkpoint: checkpoint,
			}}))
		}
		if epoch == n-1 {
			return checkpoint
		}
		next := store.Log{
			Origin: fmt.Sprint("log/", epoch+1), SiteID: site, ApplianceID: store.ApplianceID(a.Identity.GetApplianceId()),
			Epoch: uint64(epoch) + 1, VKey: "v", Previous: checkpoint, CreatedMs: time.Now().Add(-age).UnixMilli(),
		}
		ct.Check(t, c.Store.AddLog(t.Context(), next, origin))
		origin = next.Origin
	}
}

func TestEpochsAreLimited(t *testing.T) {
	for name, tt := range map[string]struct {
		logs int
		age  time.Duration
		says string // empty: one more may be begun
	}{
		"seven, the newest just begun":     {7, 0, ""},
		"eight, the newest just begun":     {8, 0, "may begin one an hour; the next at 2"},
		"eight, the newest an hour old":    {8, time.Hour, ""},
		"63, the newest an hour old":       {63, time.Hour, ""},
		"64, whatever the newest's age is": {64, 99 * time.Hour, "retire it and claim a new one"},
	} {
		t.Run(name, func(t *testing.T) {
			c := ct.New(t)
			a := c.Appliance(c.Site("Riverside", "Main Street").ID)
			row := ct.Value(c.Store.Appliance(t.Context(), store.ApplianceID(a.Identity.GetApplianceId())))(t)
			last := fill(t, c, a, tt.logs, tt.age)
			_, err := c.Sites.OpenEpoch(t.Context(), row, last, "restored")
			if tt.says == "" {
				ct.Check(t, err)
				return
			}
			_, err = a.Client.OpenEpoch(t.Context(), connect.NewRequest(&centralv1.OpenEpochRequest{LastCheckpoint: last, Reason: "restored"}))
			if connect.CodeOf(err) != connect.CodeFailedPrecondition || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("OpenEpoch = %v; want failed precondition with %q", err, tt.says)
			}
			if logs := ct.Value(c.Store.Logs(t.Context(), row.SiteID))(t); len(logs) != tt.logs {
				t.Errorf("logs = %d; want %d", len(logs), tt.logs)
			}
		})
	}
}

func TestAnEpochAndEntriesOfTheLogBeforeNeverBothGoThrough(t *testing.T) {
	c := ct.New(t)
	a := c.Appliance(c.Site("Riverside", "Main Street").ID)
	last := ct.Value(a.Submit(0))(t).GetCosigned()
	for round := range uint64(12) {
		a.Add(ct.Report("h_1", round+1, "pass", ""))
		request := a.Request(uint64(len(a.Entries)) - 1)
		old := a.Origin
		var group sync.WaitGroup
		var opened *connect.Response[centralv1.OpenEpochResponse]
		var taken *connect.Response[centralv1.SubmitEvidenceResponse]
		group.Go(func() {
			opened, _ = a.Client.OpenEpoch(context.Background(), connect.NewRequest(&centralv1.OpenEpochRequest{LastCheckpoint: last, Reason: "race"}))
		})
		group.Go(func() { taken, _ = a.Client.SubmitEvidence(context.Background(), connect.NewRequest(request)) })
		group.Wait()
		if (opened == nil) == (taken == nil) {
			t.Fatalf("round %d: opened %v, taken %v; want exactly one", round, opened, taken)
		}
		if taken != nil {
			last = taken.Msg.GetCosigned()
			continue
		}
		if held := ct.Value(c.Store.Witnessed(t.Context(), old))(t); string(held.Checkpoint) != string(last) {
			t.Fatalf("round %d: the closed log ends otherwise than its follower says", round)
		}
		return // the race was won by the epoch once; the log is closed
	}
}
