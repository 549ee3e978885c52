package record_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/agent/internal/record"
	"github.com/osiriscare/osiris/agent/internal/wire"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/check"
)

func decode(t *testing.T, item queue.Item, seq uint64) *compliancev1.Record {
	t.Helper()
	b, err := record.Wire(&queue.Record{Seq: seq, ID: [16]byte{1}, Kind: item.Kind, CreatedMs: 5, Body: item.Body})
	if err != nil {
		t.Fatal(err)
	}
	r := &compliancev1.Record{}
	if err := proto.Unmarshal(b, r); err != nil {
		t.Fatal(err)
	}
	if r.Seq != seq || r.RecordId[0] != 1 || r.CreatedMs != 5 {
		t.Errorf("the record's key is %v", r)
	}
	return r
}

func TestRecordsReadInTheStandardRuntime(t *testing.T) {
	v := record.Verdict(&check.Verdict{
		Check: check.DiskSpace, Status: check.Fail, Severity: check.High, Actual: "a", Expected: "e", Reason: "r",
		Facts: check.Facts{{Name: "volume", Value: "1 2 /"}},
	}, 7, "change")
	got := decode(t, record.VerdictItem(wire.Encode(v)), 3).GetVerdict()
	want := &compliancev1.Verdict{
		CheckId: "disk_space", Status: compliancev1.Status_STATUS_FAIL, Severity: "high", Actual: "a", Expected: "e", Reason: "r",
		Facts: []*compliancev1.Fact{{Name: "volume", Value: "1 2 /"}}, ObservedMs: 7, Cause: "change",
	}
	if !proto.Equal(got, want) {
		t.Errorf("the verdict is %v; want %v", got, want)
	}
	if decode(t, record.StateItem(nil), 1).GetState() != nil {
		t.Error("a report that is not there is there")
	}
	if s := decode(t, record.StateItem([]byte{}), 1).GetState(); s == nil {
		t.Error("an empty report is not there")
	}
	result := wire.Encode(&wire.CommandResult{CommandID: []byte("id"), Outcome: wire.RolledBack})
	if r := decode(t, record.ResultItem(result), 1).GetResult(); r.GetOutcome() != compliancev1.Outcome_OUTCOME_ROLLED_BACK {
		t.Errorf("the result is %v", r)
	}
	gap := queue.Gap{From: 2, To: 4, Count: 3, Reason: "overflow"}
	if g := decode(t, queue.Item{Kind: queue.KindGap, Body: gap.Encode()}, 4).GetGap(); g.GetFrom() != 2 || g.GetTo() != 4 || g.GetCount() != 3 || g.GetReason() != "overflow" {
		t.Errorf("the gap is %v", g)
	}
	if _, err := record.Wire(&queue.Record{Kind: queue.KindGap, Body: []byte("x")}); err == nil {
		t.Error("a damaged gap is no error")
	}
}

func TestTextIsFitForTheWire(t *testing.T) {
	odd := check.Verdict{Check: check.DiskSpace, Status: check.Pass, Actual: "\xff\xfe", Reason: strings.Repeat("ü", 3000)}
	for range 200 {
		odd.Facts.Add("volume", strings.Repeat("x", 10_000)+"\xc3")
	}
	encoded := wire.Encode(record.Verdict(&odd, 1, "first"))
	v := &compliancev1.Verdict{}
	if err := proto.Unmarshal(encoded, v); err != nil {
		t.Fatalf("the standard runtime refuses it: %v", err)
	}
	if len(v.Facts) != 64 || len(encoded) > 100<<10 || !utf8.ValidString(v.Reason) {
		t.Errorf("%d facts, %d bytes", len(v.Facts), len(encoded))
	}
}
