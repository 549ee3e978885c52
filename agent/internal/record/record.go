// Package record turns what the agent found into queued records and queued
// records into the wire's (compliance.v1.Record). A queued body is the encoding
// of a Record that has its oneof only; sequence, id and time come from the
// queue. All text is valid UTF-8 and bounded, because one bad byte would make
// the appliance refuse a whole batch. Times are Unix milliseconds.
package record

import (
	"fmt"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/proto/compliance/v1/compliancelite"
	"github.com/osiriscare/osiris/shared/check"
)

// Kinds of queued records; queue.KindGap is the fourth.
const (
	KindVerdict uint8 = 1
	KindState   uint8 = 2
	KindResult  uint8 = 3
)

// Bounds of what one verdict may carry; the appliance refuses more than 4 KB of
// text and 64 facts.
const (
	textLimit = 2 << 10
	factLimit = 64
)

// Text makes s fit for the wire.
func Text(s string) string {
	if len(s) > textLimit {
		s = s[:textLimit-3] + "..."
	}
	return strings.ToValidUTF8(s, "?")
}

// Verdict is v as the wire has it.
func Verdict(v check.Verdict, observedMs int64, cause string) *compliancelite.Verdict {
	w := &compliancelite.Verdict{
		CheckId: string(v.Check), Status: compliancelite.Status(v.Status), Severity: v.Severity,
		Actual: Text(v.Actual), Expected: Text(v.Expected), Reason: Text(v.Reason),
		ObservedMs: observedMs, Cause: cause,
	}
	for i, f := range v.Facts {
		if i == factLimit {
			break
		}
		w.Facts = append(w.Facts, &compliancelite.Fact{Name: Text(f.Name), Value: Text(f.Value)})
	}
	return w
}

// VerdictItem queues a verdict.
func VerdictItem(v *compliancelite.Verdict) (queue.Item, error) {
	return item(KindVerdict, &compliancelite.Record{Body: &compliancelite.Record_Verdict{Verdict: v}})
}

// StateItem queues the whole truth.
func StateItem(s *compliancelite.StateReport) (queue.Item, error) {
	return item(KindState, &compliancelite.Record{Body: &compliancelite.Record_State{State: s}})
}

// ResultItem queues what became of a command.
func ResultItem(r *compliancelite.CommandResult) (queue.Item, error) {
	return item(KindResult, &compliancelite.Record{Body: &compliancelite.Record_Result{Result: r}})
}

func item(kind uint8, r *compliancelite.Record) (queue.Item, error) {
	body, err := r.MarshalVT()
	if err != nil {
		return queue.Item{}, fmt.Errorf("encoding record: %w", err)
	}
	return queue.Item{Kind: kind, Body: body}, nil
}

// Wire is a queued record as the wire has it.
func Wire(q queue.Record) (*compliancelite.Record, error) {
	r := &compliancelite.Record{}
	if q.Kind == queue.KindGap {
		gap, err := queue.DecodeGap(q.Body)
		if err != nil {
			return nil, fmt.Errorf("reading record %d: %w", q.Seq, err)
		}
		r.Body = &compliancelite.Record_Gap{Gap: &compliancelite.Gap{
			From: gap.From, To: gap.To, Count: gap.Count, Reason: gap.Reason,
		}}
	} else if err := r.UnmarshalVT(q.Body); err != nil {
		return nil, fmt.Errorf("reading record %d: %w", q.Seq, err)
	}
	r.Seq, r.RecordId, r.CreatedMs = q.Seq, q.ID[:], q.CreatedMs
	return r, nil
}
