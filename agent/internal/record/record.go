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
	textLimit = 1 << 10
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
func Verdict(v *check.Verdict, observedMs int64, cause string) *wire.Verdict {
	w := &wire.Verdict{
		CheckID: string(v.Check), Status: uint64(v.Status), Severity: v.Severity,
		Actual: Text(v.Actual), Expected: Text(v.Expected), Reason: Text(v.Reason),
		ObservedMs: observedMs, Cause: cause,
	}
	for i, f := range v.Facts {
		if i == factLimit {
			break
		}
		w.Facts = append(w.Facts, wire.Encode(&wire.Fact{Name: Text(f.Name), Value: Text(f.Value)}))
	}
	return w
}

// VerdictItem queues an encoded verdict.
func VerdictItem(verdict []byte) queue.Item {
	return queue.Item{Kind: KindVerdict, Body: wire.Encode(&wire.Record{Verdict: verdict})}
}

// StateItem queues an encoded state report.
func StateItem(state []byte) queue.Item {
	return queue.Item{Kind: KindState, Body: wire.Encode(&wire.Record{State: state})}
}

// ResultItem queues an encoded command result.
func ResultItem(result []byte) queue.Item {
	return queue.Item{Kind: KindResult, Body: wire.Encode(&wire.Record{Result: result})}
}

// Wire is a queued record as an encoded compliance.v1.Record: key and time, then
// the queued body as it is.
func Wire(q *queue.Record) ([]byte, error) {
	w := wire.Record{Seq: q.Seq, RecordID: q.ID[:], CreatedMs: q.CreatedMs}
	if q.Kind != queue.KindGap {
		return append(wire.Encode(&w), q.Body...), nil
	}
	gap, err := queue.DecodeGap(q.Body)
	if err != nil {
		return nil, err
	}
	w.Gap = wire.Encode(&wire.Gap{From: gap.From, To: gap.To, Count: gap.Count, Reason: gap.Reason})
	return wire.Encode(&w), nil
}
