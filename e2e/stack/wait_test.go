package stack

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestUntilGivesTheLastAnswerInWhichTheEndHadNoPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		asked := 0
		err := Until(ctx, func(ctx context.Context) error {
			asked++
			return errors.Join(errors.New("not yet"), ctx.Err())
		})
		if err == nil || err.Error() != "not yet" || asked < 5 {
			t.Errorf("Until = %v after %d questions; want \"not yet\" after 5 at least", err, asked)
		}
		if err := Until(t.Context(), func(context.Context) error {
			if asked--; asked > 0 {
				return errors.New("not yet")
			}
			return nil
		}); err != nil || asked != 0 {
			t.Errorf("Until = %v with %d left; want none", err, asked)
		}
	})
}
