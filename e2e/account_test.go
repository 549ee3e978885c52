//go:build integration

package e2e_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// account is how Central's bundles cover the sequences of one queue.
type account struct {
	// bundles counts the bundles of each sequence.
	bundles map[uint64]int
	// lost are the ranges that gap bundles cover.
	lost [][2]uint64
	// rewound means that the appliance went on from an old copy without asking
	// Central: it may call lost what Central has.
	rewound bool
}

// accounts sorts Central's bundles by queue id.
func (s *site) accounts(ctx context.Context) (map[string]*account, error) {
	all, err := s.evidence(ctx)
	if err != nil {
		return nil, err
	}
	byQueue := map[string]*account{}
	for _, e := range all {
		if e.GetQueueId() == "" {
			continue
		}
		a := byQueue[e.GetQueueId()]
		if a == nil {
			a = &account{bundles: map[uint64]int{}, rewound: s.rewound}
			byQueue[e.GetQueueId()] = a
		}
		if e.GetKind() == "gap" {
			g, err := s.gapOf(ctx, e)
			if err != nil {
				return nil, err
			}
			a.lost = append(a.lost, [2]uint64{g.Gap.From, g.Gap.To})
			continue
		}
		a.bundles[e.GetSeq()]++
	}
	return byQueue, nil
}

// covers tells what is wrong when the sequences 1..last are not each covered
// once.
func (a *account) covers(last uint64) error {
	var missing, doubled []uint64
	for seq := uint64(1); seq <= last; seq++ {
		switch n := a.bundles[seq] + a.toldLost(seq); {
		case n == 0:
			missing = append(missing, seq)
		case a.bundles[seq] > 1, n > 1 && !a.rewound:
			doubled = append(doubled, seq)
		}
	}
	var beyond []uint64
	for seq := range a.bundles {
		if seq > last {
			beyond = append(beyond, seq)
		}
	}
	slices.Sort(beyond)
	if len(missing)+len(doubled)+len(beyond) > 0 {
		return fmt.Errorf("of sequences 1..%d missing are %v, more than once there are %v, never given out were %v", last, short(missing), short(doubled), short(beyond))
	}
	return nil
}

// toldLost counts the gaps that cover a sequence.
func (a *account) toldLost(seq uint64) int {
	n := 0
	for _, r := range a.lost {
		if r[0] <= seq && seq <= r[1] {
			n++
		}
	}
	return n
}

func short(seqs []uint64) string {
	if len(seqs) <= 20 {
		return fmt.Sprint(seqs)
	}
	return fmt.Sprintf("%v and %d more", seqs[:20], len(seqs)-20)
}

// settled waits until all that the agents' queues gave out is at Central, and
// gives the accounts by queue id and the queues in the order of the computers.
func (s *site) settled() (map[string]*account, []queue) {
	s.t.Helper()
	var byQueue map[string]*account
	var newest []queue
	s.until("Central has all that the agents' queues gave out", func(ctx context.Context) (err error) {
		newest = nil
		for _, c := range s.computers {
			q, err := readQueue(ctx, c)
			if err != nil {
				return err
			}
			if q.held > 0 {
				return fmt.Errorf("%d records wait in the agent's queue", q.held)
			}
			newest = append(newest, q)
		}
		if byQueue, err = s.accounts(ctx); err != nil {
			return err
		}
		for _, q := range newest {
			if byQueue[q.id] == nil {
				return fmt.Errorf("nothing of queue %s has arrived", q.id)
			}
			if err := byQueue[q.id].covers(q.next - 1); err != nil {
				return fmt.Errorf("queue %s: %w", q.id, err)
			}
		}
		return nil
	})
	return byQueue, newest
}

// proven waits until the exported evidence proves itself from files alone and
// is all that Central has.
func (s *site) proven() {
	s.t.Helper()
	s.until("all evidence is exported and proven", func(ctx context.Context) error {
		all, err := s.evidence(ctx)
		if err != nil {
			return err
		}
		exported, err := s.exportProven(ctx)
		if err == nil && exported != len(all) {
			err = fmt.Errorf("%d bundles are exported, Central has %d", exported, len(all))
		}
		return err
	})
}

// exportProven counts the exported bundles; it is an error when they do not all
// prove themselves from files alone.
func (s *site) exportProven(ctx context.Context) (int, error) {
	folders, err := filepath.Glob(filepath.Join(s.EvidenceDir(), "*", "*", "*", "*", "bundle.json"))
	if err != nil {
		return 0, err
	}
	code, said := verify(ctx, s.ctl, s.EvidenceDir(), "--trust", s.Trust)
	if code != 0 {
		return 0, fmt.Errorf("verify of the whole export = %d; want 0: %s", code, strings.TrimSpace(said))
	}
	return len(folders), nil
}
