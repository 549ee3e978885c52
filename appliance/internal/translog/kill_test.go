package translog_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/translog"
)

// childEnv makes the test binary the process that is killed: "path first".
const childEnv = "TRANSLOG_KILL_CHILD"

func TestMain(m *testing.M) {
	if spec := os.Getenv(childEnv); spec != "" {
		path, first, _ := strings.Cut(spec, "|")
		n, err := strconv.ParseUint(first, 10, 64)
		if err == nil {
			err = produce(path, n)
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// produce appends from 16 goroutines until it is killed, and prints
// "number index" after each ack.
func produce(path string, first uint64) error {
	seed := make([]byte, 32)
	copy(seed, "kill")
	l, err := translog.Open(context.Background(), path, origin(0), mustKey(seed))
	if err != nil {
		return err
	}
	var mu sync.Mutex
	failed := make(chan error, 17)
	go func() { failed <- l.Run(context.Background()) }()
	for p := range uint64(16) {
		go func() {
			for n := first + p; ; n += 16 {
				acks, err := l.Append(context.Background(), record(n))
				if err != nil {
					failed <- err
					return
				}
				mu.Lock()
				// One write call a line: the pipe keeps it although we are killed.
				_, err = fmt.Fprintf(os.Stdout, "%d %d\n", n, acks[0].Index)
				mu.Unlock()
				if err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	return <-failed
}

func TestNoAcknowledgedRecordIsLostOverKills(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 5
	}
	path := filepath.Join(t.TempDir(), "evidence.db")
	acked := map[uint64]uint64{} // number -> index
	for round := range rounds {
		for n, index := range runAndKill(t, path, uint64(round)<<32) {
			acked[n] = index
		}
	}
	if len(acked) == 0 {
		t.Fatal("no record was acknowledged in any round: nothing was tested")
	}
	seed := make([]byte, 32)
	copy(seed, "kill")
	l, err := translog.Open(t.Context(), path, origin(0), mustKey(seed)) // plain open, nothing repaired
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	byIndex := map[uint64]uint64{}
	for n, index := range acked {
		row, err := l.Find(t.Context(), record(n).ID)
		if err != nil || row.Position != index {
			t.Errorf("record %d was acknowledged at %d; the log has it at %d, %v", n, index, row.Position, err)
		}
		if other, ok := byIndex[index]; ok {
			t.Errorf("index %d was acknowledged to %d and %d", index, n, other)
		}
		byIndex[index] = n
	}
	now, _ := l.Status()
	if now.Size < uint64(len(acked)) {
		t.Errorf("size %d < %d acknowledged", now.Size, len(acked))
	}
	auditWith(t, l, mustKey(seed))
	t.Logf("%d rounds of kill -9: %d acknowledged, 0 missing, %d in the log", rounds, len(acked), now.Size)
}

// runAndKill runs a child for a random moment, kills it, and returns the acks
// it printed.
func runAndKill(t *testing.T, path string, first uint64) map[uint64]uint64 {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), fmt.Sprintf("%s=%s|%d", childEnv, path, first))
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	acked := map[uint64]uint64{}
	lines := bufio.NewScanner(out)
	var timer *time.Timer
	for lines.Scan() {
		var n, index uint64
		if _, err := fmt.Sscanf(lines.Text(), "%d %d", &n, &index); err != nil {
			t.Fatalf("child says %q", lines.Text())
		}
		acked[n] = index
		if timer == nil { // count from the first ack, so that every round has some
			timer = time.AfterFunc(time.Duration(rand.IntN(150))*time.Millisecond, func() { _ = c.Process.Kill() })
		}
	}
	if timer == nil {
		_ = c.Process.Kill()
	}
	_ = c.Wait() // killed
	return acked
}
