package queue_test

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/queue"
)

const childEnv = "OSIRIS_TEST_QUEUE_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		if err := child(path, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1) // a child ends by being killed
	}
	os.Exit(m.Run())
}

// child appends for ever and says after each call what came back. Every 25
// records it acknowledges half of what it holds, said before the call.
func child(path string, out io.Writer) error {
	q, err := queue.Open(path, queue.Limits{})
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		items := make([]queue.Item, 1+n%3)
		for i := range items {
			items[i] = queue.Item{Kind: 1, Body: make([]byte, 300)}
		}
		records, err := q.AppendAll(items)
		if err != nil {
			return err
		}
		for _, r := range records {
			if _, err := fmt.Fprintf(out, "append %d %x\n", r.Seq, r.ID); err != nil {
				return err
			}
		}
		if n%25 == 0 {
			through := (q.First() + q.Next()) / 2
			if _, err := fmt.Fprintf(out, "ack %d -\n", through); err != nil {
				return err
			}
			if err := q.Ack(through); err != nil {
				return err
			}
		}
	}
}

// TestNothingIsLostOverKills kills a writer 32 times and finds every record it
// was told to be durable, with the same sequence and id.
func TestNothingIsLostOverKills(t *testing.T) {
	const kills = 32
	path := filepath.Join(t.TempDir(), "queue.db")
	random := rand.New(rand.NewPCG(1, 2))
	returned := map[uint64]string{}
	acked, total := uint64(0), 0
	for range kills {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		for n, killAt := 0, 1+random.IntN(80); ; n++ {
			line, err := lines.ReadString('\n')
			if err != nil {
				break // what stood in the pipe at the kill was read, too
			}
			var verb, id string
			var seq uint64
			if _, err := fmt.Sscan(line, &verb, &seq, &id); err != nil {
				t.Fatalf("line %q: %v", line, err)
			}
			if verb == "ack" {
				acked = seq
			} else {
				if old, ok := returned[seq]; ok {
					t.Fatalf("sequence %d was given twice: %s, %s", seq, old, id)
				}
				returned[seq] = id
				total++
			}
			if n == killAt {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // killed
		acked = verifyAfterKill(t, path, returned, acked)
		for seq := range returned {
			if seq <= acked {
				delete(returned, seq)
			}
		}
	}
	t.Logf("%d kills, %d records returned as durable", kills, total)
}

// verifyAfterKill answers what is acknowledged: saidAck or less, when the kill
// came before the call.
func verifyAfterKill(t *testing.T, path string, returned map[uint64]string, saidAck uint64) uint64 {
	t.Helper()
	q, err := queue.Open(path, queue.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	}()
	records, err := q.Read(0, 1<<30, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	if q.First() > saidAck+1 {
		t.Fatalf("first = %d, but only %d was acknowledged", q.First(), saidAck)
	}
	held := map[uint64]string{}
	for i, r := range records {
		if r.Seq != q.First()+uint64(i) {
			t.Fatalf("row %d has sequence %d; want %d", i, r.Seq, q.First()+uint64(i))
		}
		held[r.Seq] = hex.EncodeToString(r.ID[:])
	}
	if want := q.Next() - q.First(); uint64(len(records)) != want {
		t.Fatalf("%d rows; want %d", len(records), want)
	}
	for seq, id := range returned {
		if seq >= q.First() && held[seq] != id {
			t.Errorf("record %d %s was durable; the file has %q", seq, id, held[seq])
		}
	}
	return q.First() - 1
}
