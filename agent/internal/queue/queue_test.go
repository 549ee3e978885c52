package queue_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/agent/internal/sqlos"
)

func fresh(t *testing.T, limits queue.Limits) *queue.Queue {
	t.Helper()
	q, err := queue.Open(filepath.Join(t.TempDir(), "queue.db"), limits)
	check(t, err)
	t.Cleanup(func() { check(t, q.Close()) })
	return q
}

func TestJournalAndRecordCommitTogether(t *testing.T) {
	q := fresh(t, queue.Limits{})
	check(t, q.DB().Exec("CREATE TABLE journal (command TEXT PRIMARY KEY, seq INTEGER)"))
	boom := errors.New("boom")
	finish := func(command string, end error) error {
		return q.Tx(func(tx *queue.Tx) error {
			r, err := tx.Append(2, []byte(command))
			if err != nil {
				return err
			}
			if err := tx.Exec("INSERT INTO journal VALUES (?,?)", command, r.Seq); err != nil {
				return err
			}
			return end
		})
	}
	if err := finish("one", boom); !errors.Is(err, boom) {
		t.Fatalf("Tx = %v; want boom", err)
	}
	if q.Next() != 1 {
		t.Errorf("next = %d after a rolled back append; want 1", q.Next())
	}
	select {
	case <-q.Notify():
		t.Error("a rolled back append was signalled")
	default:
	}
	check(t, finish("one", nil))
	select {
	case <-q.Notify():
	default:
		t.Error("an append was not signalled")
	}
	if err := finish("one", nil); err == nil {
		t.Error("a second journal entry of the same command was accepted")
	}
	if q.Next() != 2 {
		t.Errorf("next = %d; want 2", q.Next())
	}
	check(t, q.DB().Query("SELECT seq FROM journal", func(s *sqlos.Stmt) error {
		if s.ColumnInt64(0) != 1 {
			t.Errorf("journal has sequence %d; want 1", s.ColumnInt64(0))
		}
		return nil
	}))
}

func TestAFullDiskInsideATxIsCountedThoughTheErrorIsDropped(t *testing.T) {
	q := fresh(t, queue.Limits{})
	check(t, q.DB().Exec("PRAGMA max_page_count=1"))
	err := q.Tx(func(tx *queue.Tx) error {
		for range 100 {
			_, _ = tx.Append(1, make([]byte, 1000))
		}
		return nil
	})
	if !errors.Is(err, queue.ErrFull) {
		t.Fatalf("Tx = %v; want ErrFull", err)
	}
	st, err := q.Stats()
	check(t, err)
	if st.Pending != 100 || st.Records != 0 {
		t.Errorf("pending, records = %d, %d; want 100, 0", st.Pending, st.Records)
	}
	check(t, q.DB().Exec("PRAGMA max_page_count=1000"))
}

func TestReadStopsAtItsLimits(t *testing.T) {
	q := fresh(t, queue.Limits{})
	for range 5 {
		_, err := q.Append(1, make([]byte, 100))
		check(t, err)
	}
	for _, c := range []struct {
		name              string
		after             uint64
		records, bytes, n int
	}{
		{"by number", 0, 2, 1000, 2},
		{"by bytes", 0, 10, 250, 2},
		{"but gives one record that is over the bytes", 0, 10, 1, 1},
		{"from the middle", 3, 10, 1000, 2},
		{"at the end", 5, 10, 1000, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := q.Read(c.after, c.records, c.bytes)
			check(t, err)
			if len(got) != c.n || c.n > 0 && got[0].Seq != c.after+1 {
				t.Errorf("Read(%d, %d, %d) = %d records; want %d", c.after, c.records, c.bytes, len(got), c.n)
			}
		})
	}
}

func TestAppendRefuses(t *testing.T) {
	q := fresh(t, queue.Limits{MaxBytes: 2000})
	if _, err := q.Append(1, make([]byte, 1000)); !errors.Is(err, queue.ErrTooLarge) {
		t.Errorf("a body over half the queue = %v; want ErrTooLarge", err)
	}
	if _, err := q.Append(queue.KindGap, nil); err == nil {
		t.Error("a gap could be forged")
	}
	if q.Next() != 1 {
		t.Errorf("next = %d; want 1", q.Next())
	}
}

func TestRecordIDIsKnownAfterTheAck(t *testing.T) {
	q := fresh(t, queue.Limits{})
	a, err := q.Append(1, []byte("a"))
	check(t, err)
	_, err = q.Append(1, []byte("b"))
	check(t, err)
	for range 2 {
		if id, ok := q.RecordID(1); !ok || id != a.ID {
			t.Errorf("RecordID(1) = %x, %v; want %x", id, ok, a.ID)
		}
		check(t, q.Ack(1))
	}
	check(t, q.Ack(2))
	if id, ok := q.RecordID(1); ok {
		t.Errorf("RecordID(1) = %x after the ack of 2; want unknown", id)
	}
	if _, ok := q.RecordID(3); ok {
		t.Error("RecordID(3) is known")
	}
}

func TestDamagedFileCanBeSetAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue.db")
	check(t, os.WriteFile(path, bytes.Repeat([]byte("x"), 8192), 0o600))
	if _, err := queue.Open(path, queue.Limits{}); !sqlos.IsCorrupt(err) {
		t.Fatalf("Open = %v; want IsCorrupt", err)
	}
	aside, err := queue.SetAside(path)
	check(t, err)
	if _, err := os.Stat(aside); err != nil {
		t.Error(err)
	}
	q, err := queue.Open(path, queue.Limits{})
	check(t, err)
	check(t, q.Close())
}

func TestAFileOfALaterFormatIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue.db")
	q, err := queue.Open(path, queue.Limits{})
	check(t, err)
	check(t, q.DB().Exec("UPDATE queue_state SET format = 2"))
	check(t, q.Close())
	if q, err := queue.Open(path, queue.Limits{}); err == nil {
		_ = q.Close()
		t.Error("format 2 was opened")
	}
}

func TestRememberedIdsAreBounded(t *testing.T) {
	q := fresh(t, queue.Limits{MaxRecords: 10})
	items := make([]queue.Item, 3000)
	records, err := q.AppendAll(items)
	check(t, err)
	n := int64(0)
	check(t, q.DB().Query("SELECT count(*) FROM queue_known", func(s *sqlos.Stmt) error {
		n = s.ColumnInt64(0)
		return nil
	}))
	if n != 1024 {
		t.Errorf("%d remembered ids; want 1024", n)
	}
	if err := q.Ack(2000); !errors.Is(err, queue.ErrAckUnknown) {
		t.Errorf("Ack(2000) = %v; want ErrAckUnknown", err)
	}
	out, err := q.Reconcile(2000, records[1999].ID)
	check(t, err)
	if out.Kind != queue.OutcomeRenewed || q.Next() != 11 {
		t.Errorf("Reconcile(2000) = %v, next %d; want a renewal with 10 rows", out.Kind, q.Next())
	}
	got, err := q.Read(0, 1, 1000)
	check(t, err)
	if g, err := queue.DecodeGap(got[0].Body); err != nil || g != (queue.Gap{From: 1, To: 1, Count: 2991, Reason: "overflow"}) {
		t.Errorf("first row = %+v, %v; want a gap of 2991", g, err)
	}
}

func TestGoroutinesShareAQueue(t *testing.T) {
	q := fresh(t, queue.Limits{})
	const workers, rounds = 6, 30
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range rounds {
				if _, err := q.Append(1, []byte("x")); err != nil {
					t.Error(err)
				}
				if err := q.Ack(q.First()); err != nil {
					t.Error(err)
				}
				if _, err := q.Stats(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if q.Next() != workers*rounds+1 {
		t.Errorf("next = %d; want %d", q.Next(), workers*rounds+1)
	}
}

func TestDecodeGapRefuses(t *testing.T) {
	good := queue.Gap{From: 3, To: 9, Count: 7, Reason: queue.ReasonOverflow}
	if got, err := queue.DecodeGap(good.Encode()); err != nil || got != good {
		t.Fatalf("DecodeGap = %+v, %v; want %+v", got, err, good)
	}
	for name, body := range map[string][]byte{
		"nothing":             nil,
		"half a gap":          {3, 9},
		"from after to":       (&queue.Gap{From: 9, To: 3, Count: 7}).Encode(),
		"from zero":           (&queue.Gap{From: 0, To: 3, Count: 7}).Encode(),
		"too small a count":   (&queue.Gap{From: 3, To: 9, Count: 6}).Encode(),
		"a long varint":       {0x83, 0x00, 9, 7},
		"too long a reason":   (&queue.Gap{From: 3, To: 9, Count: 7, Reason: string(make([]byte, 65))}).Encode(),
		"an overflown varint": bytes.Repeat([]byte{0xff}, 20),
	} {
		if g, err := queue.DecodeGap(body); err == nil {
			t.Errorf("DecodeGap of %s = %+v; want an error", name, g)
		}
	}
}

func FuzzDecodeGap(f *testing.F) {
	f.Add((&queue.Gap{From: 1, To: 1, Count: 1, Reason: queue.ReasonDiskFull}).Encode())
	f.Add((&queue.Gap{From: 300, To: 1 << 40, Count: 1 << 41, Reason: "overflow,expired"}).Encode())
	f.Add([]byte{0x80, 0x80})
	f.Add([]byte{1, 1, 1})
	f.Fuzz(func(t *testing.T, body []byte) {
		g, err := queue.DecodeGap(body)
		if err != nil {
			return
		}
		if !bytes.Equal(g.Encode(), body) {
			t.Errorf("Encode(DecodeGap(%x)) = %x", body, g.Encode())
		}
		if g.From == 0 || g.To < g.From || g.Count == 0 {
			t.Errorf("DecodeGap(%x) = %+v", body, g)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	q, err := queue.Open(filepath.Join(b.TempDir(), "queue.db"), queue.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = q.Close() }()
	body := make([]byte, 400)
	for b.Loop() {
		if _, err := q.Append(1, body); err != nil {
			b.Fatal(err)
		}
	}
}
