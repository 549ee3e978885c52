package evidence_test

import (
	"context"
	"errors"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/evidence"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/bundle/bundletest"
	"github.com/osiriscare/osiris/shared/logproof"
)

// central is a witness in memory that keeps what it took.
type central struct {
	t     *testing.T
	world *bundletest.World
	logs  []*held // by epoch
	fail  error   // what the next OpenEpoch answers after it registered the epoch
	spoil func(*evidence.Entry)
}

type held struct {
	head     *logproof.Head
	entries  []evidence.Entry
	cosigned []byte
}

func newCentral(t *testing.T, w *bundletest.World) *central {
	return &central{t: t, world: w, logs: []*held{{head: logproof.NewHead(w.OriginOf(0))}}}
}

// take is an uplink: it takes all that is new, as Central would, and gives the
// cosigned checkpoint back.
func (c *central) take(r *running) {
	c.t.Helper()
	origin, _, _ := r.Size()
	_, epoch, err := logproof.ParseOrigin(origin)
	if err != nil {
		c.t.Fatal(err)
	}
	log := c.logs[epoch]
	entries, err := r.Entries(c.t.Context(), log.head.Size(), 1000, 1<<20)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, e := range entries {
		if _, err := bundle.OpenSigned(e.Bundle, e.Signature); err != nil {
			c.t.Fatalf("central refuses entry %d: %v", e.Index, err)
		}
		if _, err := log.head.Accept(e.Entry, logproof.HashOf(e.Bundle), logproof.HashOf(e.Signature)); err != nil {
			c.t.Fatalf("central refuses entry %d: %v", e.Index, err)
		}
		log.entries = append(log.entries, e)
	}
	point, err := r.CheckpointAt(c.t.Context(), log.head.Size())
	if err != nil {
		c.t.Fatal(err)
	}
	if p, err := logproof.PeekCheckpoint(point); err != nil || p != log.head.Checkpoint() {
		c.t.Fatalf("checkpoint %+v, %v; central has %+v", p, err, log.head.Checkpoint())
	}
	log.cosigned = c.world.Cosign(c.t, epoch, point)
	if err := r.SetCosigned(c.t.Context(), log.cosigned); err != nil {
		c.t.Fatal(err)
	}
}

func (c *central) State(_ context.Context, origin string) (evidence.Witnessed, error) {
	log := c.logs[len(c.logs)-1]
	if origin != "" {
		_, epoch, err := logproof.ParseOrigin(origin)
		if err != nil || epoch >= uint64(len(c.logs)) {
			return evidence.Witnessed{}, errors.New("no such log")
		}
		log = c.logs[epoch]
	}
	return evidence.Witnessed{Origin: log.head.Origin, Size: log.head.Size(), Checkpoint: log.cosigned}, nil
}

func (c *central) Fetch(_ context.Context, origin string, from uint64, limit uint32) ([]evidence.Entry, error) {
	_, epoch, err := logproof.ParseOrigin(origin)
	if err != nil {
		return nil, err
	}
	all := c.logs[epoch].entries
	if from >= uint64(len(all)) {
		return nil, nil
	}
	list := append([]evidence.Entry(nil), all[from:min(uint64(len(all)), from+uint64(min(limit, 2)))]...) // small answers, to need several
	for i := range list {
		if c.spoil != nil {
			c.spoil(&list[i])
		}
	}
	return list, nil
}

func (c *central) OpenEpoch(_ context.Context, _ []byte, _ string) (string, error) {
	epoch := uint64(len(c.logs))
	c.logs = append(c.logs, &held{head: logproof.NewHead(c.world.OriginOf(epoch))})
	c.world.SetEpochs(c.t, epoch+1)
	if err := c.fail; err != nil {
		c.fail = nil
		return "", err
	}
	return c.world.OriginOf(epoch), nil
}
