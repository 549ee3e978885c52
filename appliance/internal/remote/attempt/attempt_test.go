package attempt_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/attempt"
)

func TestOnlyWhatMayPassAndDoesNoHarmIsTriedAgain(t *testing.T) {
	passing, lasting := errors.New("passing"), errors.New("lasting")
	for name, c := range map[string]struct {
		err                 error
		started, idempotent bool
		limit               time.Duration
		calls               int
		took                time.Duration
	}{
		"nothing was sent":                 {passing, false, false, time.Hour, 3, 75 * time.Second},
		"it lasts":                         {lasting, false, true, time.Hour, 1, 0},
		"the host may have begun":          {passing, true, false, time.Hour, 1, 0},
		"the host may have, without harm":  {passing, true, true, time.Hour, 3, 75 * time.Second},
		"the second pause outlasts us":     {passing, false, true, 70 * time.Second, 2, 30 * time.Second},
		"the context is over at once":      {passing, false, true, -time.Second, 1, 0},
		"the first pause would outlast us": {passing, false, true, 30 * time.Second, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.limit)
				defer cancel()
				plan := attempt.Plan{Retries: 2, Delay: 30 * time.Second, Passes: func(err error) bool { return errors.Is(err, passing) }}
				calls, begun := 0, time.Now()
				_, err := attempt.Do(ctx, plan, c.idempotent, func() (int, bool, error) { calls++; return 0, c.started, c.err })
				if took := time.Since(begun); !errors.Is(err, c.err) || calls != c.calls || took != c.took {
					t.Errorf("%d calls in %s, %v; want %d in %s", calls, took, err, c.calls, c.took)
				}
			})
		})
	}
}

func TestASuccessEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		out, err := attempt.Do(t.Context(), attempt.Plan{Retries: 2, Delay: time.Second, Passes: func(error) bool { return true }}, false,
			func() (string, bool, error) {
				if calls++; calls < 2 {
					return "half", false, errors.New("not yet")
				}
				return "whole", true, nil
			})
		if out != "whole" || err != nil || calls != 2 {
			t.Errorf("%q, %v after %d calls; want whole after two", out, err, calls)
		}
	})
}
