//go:build integration

package winrm_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
)

// The eight findings about masterzen/winrm's own transport
// (v0.0.0-20250927112105-5f8e6c707321, 2026-11-21): each test shows that it
// still behaves so, which is why it is replaced, and that ours does not.

func TestFinding1AnEmptyAnswerCrashesTheProcess(t *testing.T) {
	a := startAcceptor(t, map[string]any{})
	_, _, said := stockDoes(t, errand{Port: a.port, Line: "empty"}, 30*time.Second)
	if !strings.Contains(said, "panic: ") || !strings.Contains(said, "goxpath") {
		t.Errorf("the stock client survived an empty answer: %.300s", said)
	}
	_, err := newRoad(t, winrm.Config{Retries: -1}).Run(within(t, 20*time.Second), a.endpoint(), alice, winrm.Command{Line: "empty"})
	if !errors.Is(err, winrm.ErrReply) {
		t.Errorf("Run = %v; want %v", err, winrm.ErrReply)
	}
}

func TestFinding2AContextIsIgnoredInFlight(t *testing.T) {
	a := startAcceptor(t, map[string]any{})
	if out, ended, said := stockDoes(t, errand{Port: a.port, Line: "hang", Context: time.Second, Endpoint: time.Second}, 5*time.Second); ended {
		t.Errorf("the stock client gave up by itself: %+v %.300s", out, said)
	}
	_, err := newRoad(t, winrm.Config{}).Run(within(t, time.Second), a.endpoint(), alice, winrm.Command{Line: "hang"})
	if !errors.Is(err, winrm.ErrTimeout) {
		t.Errorf("Run = %v; want %v", err, winrm.ErrTimeout)
	}
}

func TestFinding3AFailedHandshakeFallsBackToPlaintext(t *testing.T) {
	a := startAcceptor(t, map[string]any{"broken": "handshake"})
	stockDoes(t, errand{Port: a.port, Line: "echo x"}, 30*time.Second)
	before := a.stats(t)
	if before.Plaintext == 0 {
		t.Errorf("the stock client sent nothing plain: %+v", before)
	}
	_, err := newRoad(t, winrm.Config{Retries: -1}).Run(within(t, 20*time.Second), a.endpoint(), alice, winrm.Command{Line: "echo x"})
	if !errors.Is(err, winrm.ErrUnsealed) {
		t.Errorf("Run = %v; want %v", err, winrm.ErrUnsealed)
	}
	if after := a.stats(t); after.Plaintext != before.Plaintext {
		t.Errorf("our client sent %d messages plain", after.Plaintext-before.Plaintext)
	}
}

func TestFinding4EveryMessageHasItsOwnHandshake(t *testing.T) {
	a := startAcceptor(t, map[string]any{})
	if out, _, said := stockDoes(t, errand{Port: a.port, Line: "echo x", Each: 5}, 60*time.Second); out.OK != 5 {
		t.Fatalf("the stock client = %+v %.300s", out, said)
	}
	before := a.stats(t)
	if before.Handshakes < 2*before.Sealed {
		t.Errorf("the stock client shook hands %d times for %d messages", before.Handshakes, before.Sealed)
	}
	road := newRoad(t, winrm.Config{Retries: -1})
	for range 20 {
		if _, err := road.Run(within(t, 20*time.Second), a.endpoint(), alice, winrm.Command{Line: "echo x"}); err != nil {
			t.Fatal(err)
		}
	}
	after := a.stats(t)
	if after.Handshakes-before.Handshakes != 2 || after.Posts-before.Posts != 2+20*4 {
		t.Errorf("our client shook hands in %d messages and sent %d; want 2 and 82", after.Handshakes-before.Handshakes, after.Posts-before.Posts)
	}
}

func TestFinding5CommandsAtOnceBreakEachOther(t *testing.T) {
	a := startAcceptor(t, map[string]any{"empty_post": 500})
	if out, ended, _ := stockDoes(t, errand{Port: a.port, Line: "echo x", Goroutines: 16, Each: 4}, 60*time.Second); ended && out.OK == 64 {
		t.Error("the stock client ran all 64")
	}
	for _, connections := range []int{1, 4} {
		road := newRoad(t, winrm.Config{Retries: -1, Connections: connections})
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for range 4 {
					out, err := road.Run(within(t, 60*time.Second), a.endpoint(), alice, winrm.Command{Line: "echo x"})
					if err != nil || string(out.Stdout) != "x" {
						t.Errorf("Run = %q, %v", out.Stdout, err)
					}
				}
			})
		}
		wg.Wait()
	}
}

func TestFinding6AQuotaOnReceiveIsSwallowed(t *testing.T) {
	a := startAcceptor(t, map[string]any{})
	stockDoes(t, errand{Port: a.port, Line: "quota", Context: 4 * time.Second}, 30*time.Second)
	before := a.stats(t)
	if before.Receives < 4 {
		t.Errorf("the stock client asked %d times", before.Receives)
	}
	_, err := newRoad(t, winrm.Config{Retries: -1}).Run(within(t, 20*time.Second), a.endpoint(), alice, winrm.Command{Line: "quota"})
	var f *winrm.Fault
	if !errors.Is(err, winrm.ErrQuota) || !errors.As(err, &f) || f.Code != 2150859174 {
		t.Errorf("Run = %v; want %v with its code", err, winrm.ErrQuota)
	}
	after := a.stats(t)
	if after.Receives-before.Receives != 1 {
		t.Errorf("our client asked %d times", after.Receives-before.Receives)
	}
	if after.Deleted-before.Deleted != 1 {
		t.Errorf("our client deleted %d shells; want 1", after.Deleted-before.Deleted)
	}
}

func TestFinding7BodiesAreNotBounded(t *testing.T) {
	a := startAcceptor(t, map[string]any{})
	_, _, said := stockDoes(t, errand{Port: a.port, Line: "part"}, 30*time.Second)
	if !strings.Contains(said, "index out of range") {
		t.Errorf("the stock client survived half a sealed body: %.300s", said)
	}
	stockDoes(t, errand{Port: a.port, Line: "endless", Context: 2 * time.Second}, 60*time.Second)
	before := a.stats(t)
	if before.Written < 64 {
		t.Errorf("the stock client read only %d MB", before.Written)
	}
	road := newRoad(t, winrm.Config{Retries: -1})
	if _, err := road.Run(within(t, 20*time.Second), a.endpoint(), alice, winrm.Command{Line: "part"}); !errors.Is(err, winrm.ErrUnsealed) {
		t.Errorf("Run = %v; want %v", err, winrm.ErrUnsealed)
	}
	if _, err := road.Run(within(t, 20*time.Second), a.endpoint(), alice, winrm.Command{Line: "endless"}); !errors.Is(err, winrm.ErrReply) {
		t.Errorf("Run = %v; want %v", err, winrm.ErrReply)
	}
	if after := a.stats(t); after.Written-before.Written > 32 {
		t.Errorf("our client read about %d MB", after.Written-before.Written)
	}
}

func TestFinding8FaultsHaveNoCode(t *testing.T) {
	a := startAcceptor(t, map[string]any{"max_shells": 0})
	out, _, _ := stockDoes(t, errand{Port: a.port, Line: "echo x"}, 30*time.Second)
	if len(out.Errors) != 1 || strings.Contains(out.Errors[0], "2150859173") {
		t.Errorf("the stock client = %+v; want one error without a code", out)
	}
	_, err := newRoad(t, winrm.Config{Retries: -1}).Run(within(t, 20*time.Second), a.endpoint(), alice, winrm.Command{Line: "echo x"})
	var f *winrm.Fault
	if !errors.Is(err, winrm.ErrQuota) || !errors.As(err, &f) || f.Code != 2150859173 || f.What != "Create" {
		t.Errorf("Run = %v; want %v with its code", err, winrm.ErrQuota)
	}
}
