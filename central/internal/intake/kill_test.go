package intake_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
	"github.com/osiriscare/osiris/central/internal/intake"
	"github.com/osiriscare/osiris/central/internal/keyring"
)

// killed is how many times Central dies at a random moment of taking evidence.
const killed = 12

// TestMain is also the Central that is killed: it serves the folder it is given
// and says where.
func TestMain(m *testing.M) {
	if dir := os.Getenv("OSIRIS_TEST_CENTRAL"); dir != "" {
		os.Exit(serveChild(dir))
	}
	os.Exit(m.Run())
}

// child makes centraltest usable without a test.
type child struct{ testing.TB }

func (child) Helper()                  {}
func (child) Cleanup(func())           {}
func (child) Fatal(args ...any)        { fmt.Fprintln(os.Stderr, args...); os.Exit(1) }
func (child) Context() context.Context { return context.Background() }

func serveChild(dir string) int {
	keys, err := keyring.Load(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	c := ct.Open(child{}, dir, keys)
	fmt.Println("url", c.URL)
	select {}
}

// startChild runs a Central on dir and returns its address and how to kill it.
func startChild(t *testing.T, dir string) (url string, kill func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "OSIRIS_TEST_CENTRAL="+dir)
	cmd.Stderr = os.Stderr
	out := ct.Value(cmd.StdoutPipe())(t)
	ct.Check(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "url ") {
		t.Fatalf("the child said %q: %v", line, err)
	}
	return strings.TrimSpace(strings.TrimPrefix(line, "url ")), func() {
		ct.Check(t, cmd.Process.Signal(syscall.SIGKILL))
		cmd.Wait() //nolint:errcheck // it was killed
	}
}

func TestKilledWhileTakingEvidenceItLosesAndDoublesNothing(t *testing.T) {
	c := ct.New(t)
	site := c.Site("Riverside", "Main Street")
	a := c.Appliance(site.ID)
	size, seq := uint64(0), uint64(0)
	var cosigned []byte
	for round := range killed {
		url, kill := startChild(t, c.Dir)
		a.MoveTo(url)
		// Each answer is a promise; the kill comes after some of them, while the
		// next batch is on its way.
		done := make(chan struct{})
		go func() {
			defer close(done)
			for batch := 0; ; batch++ {
				for range 5 {
					seq++
					a.Add(ct.Report("h_"+strconv.Itoa(int(seq%3)), seq, []string{"pass", "unknown"}[seq%2], ""))
				}
				answer, err := a.Client.SubmitEvidence(context.Background(), connect.NewRequest(a.Request(size)))
				if err != nil {
					return
				}
				if answer.Msg.GetCosigned() == nil {
					size = answer.Msg.GetSize()
					continue
				}
				size, cosigned = answer.Msg.GetSize(), answer.Msg.GetCosigned()
				if batch == round {
					go kill()
				}
			}
		}()
		<-done
	}
	// Resume with this process's Central.
	a.MoveTo(c.URL)
	state := ct.Value(a.Client.WitnessState(t.Context(), connect.NewRequest(&centralv1.WitnessStateRequest{})))(t).Msg
	if state.GetSize() < size {
		t.Fatalf("witnessed %d; %d were promised", state.GetSize(), size)
	}
	if state.GetSize() == size && string(state.GetCheckpoint()) != string(cosigned) {
		t.Error("the promised checkpoint is not the one that is held")
	}
	answer := ct.Value(a.Submit(state.GetSize()))(t)
	if want := uint64(len(a.Entries)); answer.GetSize() != want {
		t.Fatalf("size after resuming = %d; want %d", answer.GetSize(), want)
	}
	judgeTaken(t, c, a)
	if _, err := intake.Rebuild(t.Context(), c.Store, c.Archive); err != nil {
		t.Errorf("Rebuild afterwards = %v", err)
	}
}

// judgeTaken compares what Central lists with what the appliance logged.
func judgeTaken(t *testing.T, c *ct.Central, a *ct.Appliance) {
	t.Helper()
	taken := map[string]int{}
	for after := int64(0); ; {
		entries := ct.Value(c.Store.EntriesByArrival(t.Context(), after, 500))(t)
		if len(entries) == 0 {
			break
		}
		for _, e := range entries {
			after = e.ID
			taken[fmt.Sprintf("%d %x", e.Position, e.BundleHash)]++
		}
		ct.Value(c.Archive.ReadAll(entries))(t)
	}
	for _, e := range a.Entries {
		key := fmt.Sprintf("%d %x", e.GetIndex(), sha256.Sum256(e.GetBundle()))
		if taken[key] != 1 {
			t.Errorf("entry %d was taken %d times; want once", e.GetIndex(), taken[key])
		}
		delete(taken, key)
	}
	if len(taken) > 0 {
		t.Errorf("Central holds %d entries that were never logged", len(taken))
	}
	if left := ct.Value(filepath.Glob(filepath.Join(c.Dir, "archive", "*", "*", "*", "*", "*.zip")))(t); len(left) == 0 {
		t.Error("the archive is empty")
	}
}
