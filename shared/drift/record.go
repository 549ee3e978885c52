package drift

import (
	"encoding/hex"
	"fmt"

	"google.golang.org/protobuf/proto"

	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// idBytes is the size of queue, record and command ids.
const idBytes = 16

// FromRecord makes an event of an agent's record. queueID is the 16 bytes of
// the session's Hello or of the Report. Unknown fields of newer agents are
// ignored.
func FromRecord(r *compliancev1.Record, queueID []byte, from Origin) (Event, error) {
	key, err := keyOf(r, queueID, from.AgentID)
	if err != nil {
		return Event{}, fmt.Errorf("reading record %d: %w", r.GetSeq(), err)
	}
	c := conversion{now: from.ReceivedAt, suspect: from.ClockSuspect}
	e := from.event()
	e.Key = key
	e.AgentTime = c.time(r.GetCreatedMs())
	if err := c.body(r, &e); err != nil {
		return Event{}, fmt.Errorf("reading record %d: %w", r.GetSeq(), err)
	}
	e.ClockSuspect = c.suspect
	return e, nil
}

// DecodeRecord is FromRecord on encoded bytes.
func DecodeRecord(b, queueID []byte, from Origin) (Event, error) {
	if len(b) > MaxRecord {
		return Event{}, fmt.Errorf("decoding record: %w: %d bytes, at most %d", ErrTooLarge, len(b), MaxRecord)
	}
	r := &compliancev1.Record{}
	if err := proto.Unmarshal(b, r); err != nil {
		return Event{}, fmt.Errorf("decoding record: %w: %w", ErrMalformed, err)
	}
	return FromRecord(r, queueID, from)
}

// Refuse makes the event that stands for a record which FromRecord refused, so
// that the queue's mark moves past it and evidence shows the refusal. It needs
// the record's key; without a sequence or record id there is nothing to stand
// for, and the sender's session must end.
func Refuse(r *compliancev1.Record, queueID []byte, from Origin, reason error) (Event, error) {
	key, err := keyOf(r, queueID, from.AgentID)
	if err != nil {
		return Event{}, fmt.Errorf("refusing record: %w", err)
	}
	c := conversion{now: from.ReceivedAt, suspect: from.ClockSuspect}
	e := from.event()
	e.Key, e.Kind, e.Refused = key, KindRefused, reason.Error()
	e.AgentTime = c.time(r.GetCreatedMs())
	e.ClockSuspect = c.suspect
	return e, nil
}

func keyOf(r *compliancev1.Record, queueID []byte, agentID string) (Key, error) {
	if r.GetSeq() == 0 {
		return Key{}, fmt.Errorf("%w: sequence 0", ErrMalformed)
	}
	queue, err := hexID("queue id", queueID)
	if err != nil {
		return Key{}, err
	}
	record, err := hexID("record id", r.GetRecordId())
	if err != nil {
		return Key{}, err
	}
	return Key{AgentID: agentID, QueueID: queue, Seq: r.GetSeq(), RecordID: record}, nil
}

func hexID(what string, id []byte) (string, error) {
	if len(id) != idBytes {
		return "", fmt.Errorf("%w: %s has %d bytes, not %d", ErrMalformed, what, len(id), idBytes)
	}
	return hex.EncodeToString(id), nil
}

func (c *conversion) body(r *compliancev1.Record, e *Event) (err error) {
	switch body := r.GetBody().(type) {
	case *compliancev1.Record_Verdict:
		e.Kind = KindVerdict
		e.Verdict, err = c.verdict(body.Verdict)
	case *compliancev1.Record_State:
		e.Kind = KindState
		e.State, err = c.state(body.State)
	case *compliancev1.Record_Result:
		e.Kind = KindResult
		e.Result, err = c.result(body.Result)
	case *compliancev1.Record_Gap:
		e.Kind = KindGap
		e.Gap, err = gap(body.Gap, r.GetSeq())
	default:
		err = fmt.Errorf("%w: no body that this version knows", ErrMalformed)
	}
	return err
}
