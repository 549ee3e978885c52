// Package record turns what the agent found into queued records and queued
// records into the wire's (compliance.v1.Record). A queued body is the encoding
// of a Record that has its oneof only; sequence, id and time come from the
// queue. All text is valid UTF-8 and bounded, because one bad byte would make
// the appliance refuse a whole batch. Times are Unix milliseconds.
package record

import (
	"strings"

	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/agent/internal/wire"
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

// Numbers of Record's fields in compliance.proto; a test compares them.
const (
	fieldSeq       = 1
	fieldRecordID  = 2
	fieldCreatedMs = 3
	fieldVerdict   = 4
	fieldState     = 5
	fieldResult    = 6
	fieldGap       = 7
)

// VerdictItem queues an encoded compliance.v1.Verdict.
func VerdictItem(verdict []byte) queue.Item {
	return queue.Item{Kind: KindVerdict, Body: wire.AppendBytes(nil, fieldVerdict, verdict)}
}

// StateItem queues an encoded compliance.v1.StateReport.
func StateItem(state []byte) queue.Item {
	return queue.Item{Kind: KindState, Body: wire.AppendBytes(nil, fieldState, state)}
}

// ResultItem queues an encoded compliance.v1.CommandResult.
func ResultItem(result []byte) queue.Item {
	return queue.Item{Kind: KindResult, Body: wire.AppendBytes(nil, fieldResult, result)}
}

// Wire is a queued record as an encoded compliance.v1.Record: key and time, then
// the queued body as it is.
func Wire(q queue.Record) ([]byte, error) {
	b := wire.AppendVarint(nil, fieldSeq, q.Seq)
	b = wire.AppendBytes(b, fieldRecordID, q.ID[:])
	b = wire.AppendVarint(b, fieldCreatedMs, uint64(q.CreatedMs))
	if q.Kind != queue.KindGap {
		return append(b, q.Body...), nil
	}
	gap, err := queue.DecodeGap(q.Body)
	if err != nil {
		return nil, err
	}
	return wire.AppendBytes(b, fieldGap, wire.Marshal(&compliancelite.Gap{
		From: gap.From, To: gap.To, Count: gap.Count, Reason: gap.Reason,
	})), nil
}
