package uplink_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	"github.com/osiriscare/osiris/appliance/internal/uplink"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// setting is one that holds what it last took.
type setting struct {
	held   []byte
	refuse error
}

// Tell implements uplink.Setting.
func (s *setting) Tell(_ context.Context, m *centralv1.CheckInRequest) error {
	m.TargetsState = append(m.TargetsState, s.held...)
	return nil
}

// Take implements uplink.Setting.
func (s *setting) Take(_ context.Context, m *centralv1.CheckInResponse) (bool, error) {
	if len(m.GetTargetsState()) == 0 || s.refuse != nil {
		return false, s.refuse
	}
	s.held = m.GetTargetsState()
	return true, nil
}

func TestASettingIsToldTakenAndAnsweredSoon(t *testing.T) {
	dir := t.TempDir()
	site, err := rehearsal.NewSite(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := newCentral(t, site)
	b := open(t, c, dir)
	broken, good := &setting{refuse: errors.New("not for me")}, &setting{}
	b.uplink.Settings = []uplink.Setting{broken, good}
	c.answer = &centralv1.CheckInResponse{TargetsState: []byte("one"), NextCheckInMs: uint32(time.Hour.Milliseconds())}
	b.run(t)
	// The next check-in is due in an hour; what was taken brings one at once.
	for range 3000 {
		c.mu.Lock()
		n := len(c.checks)
		if n > 1 {
			first, second := c.checks[0], c.checks[1]
			if len(first.GetTargetsState()) != 0 || string(second.GetTargetsState()) != "one" {
				t.Errorf("told %q, then %q; want nothing, then one", first.GetTargetsState(), second.GetTargetsState())
			}
		}
		c.mu.Unlock()
		if n > 1 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("no second check-in within 30 s")
}
