package order

import (
	"context"
	"encoding/hex"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/drift"
	"github.com/osiriscare/osiris/shared/signed"
)

const orderContext = signed.Order

func seal(t testing.TB, k *signed.Key, c signed.Context, m proto.Message) *trustv1.SignedEnvelope {
	t.Helper()
	payload, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return sealBytes(k, c, payload)
}

func sealBytes(k *signed.Key, c signed.Context, payload []byte) *trustv1.SignedEnvelope {
	e := k.Seal(c, payload)
	return &trustv1.SignedEnvelope{Payload: e.Payload, KeyId: e.KeyID[:], Signature: e.Signature}
}

// executor keeps a journal, as the real one does, over restarts of the appliance.
type executor struct {
	mu      sync.Mutex
	next    string
	journal map[[16]byte]*drift.Result // nil: begun and not ended
	waits   map[[16]byte]string
	ran     int
}

func (x *executor) set(next string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.next = next
}

func (x *executor) count() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.ran
}

// end ends what waits or was interrupted.
func (x *executor) end(o drift.Outcome) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for id, r := range x.journal {
		if r == nil {
			x.journal[id] = &drift.Result{CommandID: hex.EncodeToString(id[:]), Outcome: o, Message: "It ended.", Resumed: true}
		}
	}
}

// Known implements Executor.
func (x *executor) Known(_ context.Context, id [16]byte) (bool, string, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	_, begun := x.journal[id]
	return begun, x.waits[id], nil
}

// Execute gives the outcome that is next; busy begins nothing, pending waits for a
// restart of the host, hang goes on until the appliance stops.
func (x *executor) Execute(ctx context.Context, job script.Job) (*drift.Result, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if r, begun := x.journal[job.CommandID]; begun && r == nil {
		return nil, script.ErrPending
	} else if begun {
		return r, nil
	}
	if x.next == "busy" {
		return nil, script.ErrBusy
	}
	x.ran++
	switch x.next {
	case "pending":
		x.journal[job.CommandID], x.waits[job.CommandID] = nil, "the host has to be restarted"
		return nil, script.ErrPending
	case "hang":
		x.journal[job.CommandID] = nil
		x.mu.Unlock()
		<-ctx.Done()
		x.mu.Lock()
		return nil, ctx.Err()
	}
	r := &drift.Result{
		CommandID: hex.EncodeToString(job.CommandID[:]), RunbookID: job.Runbook.ID, Outcome: drift.Outcome(x.next), Message: "It ended.",
	}
	if job.DryRun {
		r.Outcome = drift.DryRun
	}
	if r.Outcome == drift.Refused {
		r.Message = "Over this road only hosts marked lab are changed so far."
	} else {
		r.Phases = []drift.Phase{{Name: "detect", OK: true, StartedAt: time.Now()}}
	}
	x.journal[job.CommandID] = r
	return r, nil
}
