package outbox_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestThatEvidenceIsNotLoggedIsToldUntilItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, j, o := start(t)
		put(t, st, "a")
		full := errors.New("the disk is full")
		j.next = full
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- o.Run(ctx) }()
		time.Sleep(time.Second / 2)
		if err := o.Failing(); !errors.Is(err, full) {
			t.Errorf("after a try that failed = %v; want why", err)
		}
		time.Sleep(2 * time.Second)
		if err := o.Failing(); err != nil {
			t.Errorf("once it is logged = %v; want nil", err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := st.Close(); err != nil { // its writer is of this bubble
			t.Error(err)
		}
	})
}
