package queue

import (
	"errors"
	"fmt"
	"slices"

	"github.com/osiriscare/osiris/agent/internal/sqlos"
)

// OutcomeKind is what Reconcile found.
type OutcomeKind uint8

const (
	// OutcomeInStep means that both sides agree.
	OutcomeInStep OutcomeKind = iota + 1
	// OutcomeLostAck means that the appliance had more than we knew; the rows
	// it has are deleted.
	OutcomeLostAck
	// OutcomeApplianceBehind means that the appliance has forgotten
	// Outcome.From..To, which we have deleted: it was restored from a backup. A
	// gap over them is now the first record.
	OutcomeApplianceBehind
	// OutcomeRenewed means that the appliance knows records of this queue that
	// we do not: our file is an old copy. The queue has a new id, its records
	// new sequences from 1; the session must be opened again with a new Hello.
	OutcomeRenewed
)

// String names the outcome in log lines.
func (k OutcomeKind) String() string {
	switch k {
	case OutcomeInStep:
		return "in_step"
	case OutcomeLostAck:
		return "lost_ack"
	case OutcomeApplianceBehind:
		return "appliance_behind"
	case OutcomeRenewed:
		return "renewed"
	default:
		return "none"
	}
}

// Outcome is the result of Reconcile. From and To are set for
// OutcomeApplianceBehind.
type Outcome struct {
	Kind     OutcomeKind
	From, To uint64
}

// Reconcile compares the queue with what the appliance says at Welcome: that it
// has this queue through storeMark, where the record's id is storeRecordID
// (ignored for mark 0).
//
// All it changes is one transaction, and a second call with the same arguments
// finds both sides in step, so a crash at any point is repaired by the next
// Welcome: the gap for an appliance that is behind is stored as the first row
// and our own mark steps back to storeMark in the same commit; after a renewal
// the appliance has never heard of the queue and answers mark 0.
//
// On a full disk a lost acknowledgement is kept as Ack keeps it. The two outcomes
// after a backup need the disk; then the error has ErrFull in its chain.
func (q *Queue) Reconcile(storeMark uint64, storeRecordID [16]byte) (Outcome, error) {
	var out Outcome
	err := q.Tx(func(tx *Tx) (err error) {
		tx.mark = 0 // what the appliance says now is newer
		out, err = tx.reconcile(storeMark, storeRecordID)
		return err
	})
	if errors.Is(err, ErrFull) && out.Kind == OutcomeLostAck {
		q.owe(storeMark)
		return out, nil
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("reconciling with the appliance's mark %d: %w", storeMark, err)
	}
	return out, nil
}

func (tx *Tx) reconcile(mark uint64, id [16]byte) (Outcome, error) {
	if mark < tx.st.acked {
		out := Outcome{Kind: OutcomeApplianceBehind, From: mark + 1, To: tx.st.acked}
		return out, tx.stepBack(mark, id)
	}
	if mark == 0 {
		return Outcome{Kind: OutcomeInStep}, nil
	}
	ids, err := tx.idsAt(mark)
	if err != nil {
		return Outcome{}, err
	}
	if mark >= tx.st.next || !slices.Contains(ids, id) {
		return Outcome{Kind: OutcomeRenewed}, tx.renew()
	}
	if mark == tx.st.acked {
		return Outcome{Kind: OutcomeInStep}, nil
	}
	return Outcome{Kind: OutcomeLostAck}, tx.ack(mark)
}

// stepBack puts a gap over mark+1..acked in front of the rows.
func (tx *Tx) stepBack(mark uint64, id [16]byte) error {
	lost := &Gap{From: mark + 1, To: tx.st.acked, Count: tx.st.acked - mark, Reason: ReasonApplianceBehind}
	head, g, err := tx.headGap()
	if err != nil {
		return err
	}
	if head.Seq != 0 {
		lost.join(g)
		err = tx.setGap(head, lost)
	} else {
		err = tx.put(gapRecord(lost, nowMs()))
	}
	if err != nil {
		return err
	}
	// Should the appliance that was restored be replaced by the original again,
	// its mark is recognised.
	if err := tx.Exec("INSERT OR IGNORE INTO queue_known VALUES (?,?)", tx.st.acked, tx.st.ackedID[:]); err != nil {
		return err
	}
	if mark == 0 {
		id = [16]byte{}
	}
	tx.st.acked, tx.st.ackedID = mark, id
	return nil
}

// renew gives the queue a new id and its rows the sequences from 1. Record ids
// stay, so that a reader can still tell a record that arrived twice. A gap
// shrinks to one sequence and keeps its count.
func (tx *Tx) renew() error {
	if err := tx.tellPending(); err != nil {
		return err
	}
	var old []*Record // without the bodies of records
	if err := tx.Query("SELECT seq, kind, CASE kind WHEN 255 THEN body END FROM queue_record ORDER BY seq", func(s *sqlos.Stmt) error {
		old = append(old, &Record{Seq: uint64(s.ColumnInt64(0)), Kind: uint8(s.ColumnInt64(1)), Body: s.ColumnBytes(2)})
		return nil
	}); err != nil {
		return err
	}
	for i, r := range old {
		// Ascending order never meets a sequence in use: the i-th row has seq >= i.
		seq := uint64(i) + 1
		if err := tx.Exec("UPDATE queue_record SET seq = ? WHERE seq = ?", seq, r.Seq); err != nil {
			return err
		}
		if r.Kind != KindGap {
			continue
		}
		g, err := DecodeGap(r.Body)
		if err != nil {
			return err
		}
		r.Seq, g.From, g.To = seq, seq, seq
		if err := tx.setGap(r, &g); err != nil {
			return err
		}
	}
	tx.st.id, tx.st.next = newID(), uint64(len(old))+1
	tx.st.acked, tx.st.ackedID = 0, [16]byte{}
	tx.st.renewals++
	return tx.Exec("DELETE FROM queue_known")
}
