package queue_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/osiriscare/osiris/agent/internal/queue"
)

var update = flag.Bool("update", false, "write what the scripts answer into testdata")

// TestScripts runs the stories in testdata. A line "$ command" is followed by
// what it answers.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("Glob = %d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			want := string(archive.Files[0].Data)
			var got strings.Builder
			synctest.Test(t, func(t *testing.T) {
				s := &story{t: t, path: filepath.Join(dir, "queue.db"), store: newStore()}
				defer s.close()
				for line := range strings.Lines(want) {
					if command, ok := strings.CutPrefix(line, "$ "); ok {
						got.WriteString(line)
						s.run(strings.Fields(command), &got)
					}
				}
			})
			if *update {
				archive.Files[0].Data = []byte(got.String())
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got.String()); diff != "" {
				t.Errorf("story (-want +got):\n%s", diff)
			}
		})
	}
}

// story is a queue and the store of an appliance.
type story struct {
	t          *testing.T
	path       string
	limits     queue.Limits
	q          *queue.Queue
	store      *store
	savedStore *store
}

func (s *story) run(args []string, out *strings.Builder) {
	switch args[0] {
	case "open":
		s.open(args[1:])
	case "close":
		s.close()
	case "append":
		for _, name := range args[1:] {
			r, err := s.q.Append(1, []byte(name))
			s.answer(out, err, "%d %s", r.Seq, name)
		}
	case "append-together":
		items := make([]queue.Item, 0, len(args)-1)
		for _, name := range args[1:] {
			items = append(items, queue.Item{Kind: 1, Body: []byte(name)})
		}
		records, err := s.q.AppendAll(items)
		s.answer(out, err, "%d records", len(records))
	case "fill": // append records of that size until the disk is full
		size, err := strconv.Atoi(args[1])
		for n := 0; err == nil && n < 10_000; n++ {
			_, err = s.q.Append(1, make([]byte, size))
		}
		s.answer(out, err, "never full")
	case "rows":
		records, err := s.q.Read(0, 1_000_000, 1<<30)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, r := range records {
			fmt.Fprintln(out, show(r))
		}
	case "send":
		n, err := strconv.Atoi(args[1])
		if err != nil {
			s.t.Fatal(err)
		}
		records, err := s.q.Read(s.store.mark(s.q.ID()).seq, n, 1<<30)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, r := range records {
			fmt.Fprintln(out, s.store.take(s.q.ID(), r))
		}
	case "ack":
		through := s.store.mark(s.q.ID()).seq
		if len(args) > 1 {
			through, _ = strconv.ParseUint(args[1], 10, 64)
		}
		s.answer(out, s.q.Ack(through), "first %d next %d", s.q.First(), s.q.Next())
	case "hello":
		before, m := s.q.ID(), s.store.mark(s.q.ID())
		o, err := s.q.Reconcile(m.seq, m.id)
		text := o.Kind.String()
		if o.Kind == queue.OutcomeApplianceBehind {
			text += fmt.Sprintf(" %d-%d", o.From, o.To)
		}
		if before != s.q.ID() {
			text += ", new queue id"
		}
		s.answer(out, err, "%s: first %d next %d", text, s.q.First(), s.q.Next())
	case "stats":
		st, err := s.q.Stats()
		s.answer(out, err, "records %d dropped %d pending %d renewals %d first %d next %d", st.Records, st.Dropped, st.Pending, st.Renewals, st.First, st.Next)
	case "received":
		fmt.Fprintln(out, strings.Join(s.store.log, " | "))
	case "save-agent":
		s.copyFile(s.path, s.path+".saved")
	case "restore-agent":
		s.copyFile(s.path+".saved", s.path)
	case "save-store":
		s.savedStore = s.store.clone()
	case "restore-store":
		s.store, s.savedStore = s.savedStore, s.store
	case "pass":
		d, err := time.ParseDuration(args[1])
		if err != nil {
			s.t.Fatal(err)
		}
		time.Sleep(d)
	case "pages": // a disk of that many 4 KB pages
		s.exec("PRAGMA max_page_count=" + args[1])
	case "jam": // the disk takes no change of the queue at all
		s.exec(`CREATE TABLE ballast (b BLOB); CREATE TRIGGER jam BEFORE UPDATE ON queue_state
			BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END; PRAGMA max_page_count=1`)
	case "unjam":
		s.exec("PRAGMA max_page_count=100000; DROP TRIGGER jam; DROP TABLE ballast")
	case "keep": // append what the caller holds
		err := s.q.Tx(func(tx *queue.Tx) error {
			tx.Keep()
			_, err := tx.Append(1, []byte(args[1]))
			return err
		})
		s.answer(out, err, "kept")
	case "settle":
		fmt.Fprintf(out, "full %t\n", s.q.Settle())
	default:
		s.t.Fatalf("unknown command %q", args[0])
	}
}

func (s *story) exec(sql string) {
	s.t.Helper()
	if err := s.q.DB().Exec(sql); err != nil {
		s.t.Fatal(err)
	}
}

func (s *story) answer(out *strings.Builder, err error, format string, args ...any) {
	switch {
	case errors.Is(err, queue.ErrFull):
		fmt.Fprintln(out, "disk full")
	case err != nil:
		fmt.Fprintln(out, "error:", err)
	default:
		fmt.Fprintf(out, format+"\n", args...)
	}
}

func (s *story) open(args []string) {
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			s.t.Fatal(err)
		}
		switch name {
		case "records":
			s.limits.MaxRecords = n
		case "bytes":
			s.limits.MaxBytes = n
		}
	}
	s.close()
	var err error
	if s.q, err = queue.Open(s.path, s.limits); err != nil {
		s.t.Fatal(err)
	}
}

func (s *story) close() {
	if s.q == nil {
		return
	}
	if err := s.q.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.q = nil
}

// copyFile copies a closed queue and opens it again if it was open.
func (s *story) copyFile(from, to string) {
	open := s.q != nil
	s.close()
	b, err := os.ReadFile(from)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		s.t.Fatal(err)
	}
	if open {
		s.open(nil)
	}
}

func show(r queue.Record) string {
	if r.Kind != queue.KindGap {
		if bytes.IndexByte(r.Body, 0) >= 0 {
			return fmt.Sprintf("%d (%d bytes)", r.Seq, len(r.Body))
		}
		return fmt.Sprintf("%d %s", r.Seq, r.Body)
	}
	g, err := queue.DecodeGap(r.Body)
	if err != nil || g.To != r.Seq {
		return fmt.Sprintf("%d BAD GAP %v %v", r.Seq, g, err)
	}
	return fmt.Sprintf("%d-%d gap of %d: %s", g.From, g.To, g.Count, g.Reason)
}
