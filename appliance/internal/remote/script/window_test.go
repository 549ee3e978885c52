package script_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/shared/drift"
)

func TestARunThatWasCutOffInDetectIsNotBegunAfterItsWindow(t *testing.T) {
	for name, tt := range map[string]struct {
		away   time.Duration
		window time.Duration // 0: an hour
		moved  bool
		want   drift.Outcome
		says   string
	}{
		"within its window":              {10 * time.Minute, 15 * time.Minute, false, drift.Healed, ""},
		"after its window":               {16 * time.Minute, 15 * time.Minute, false, drift.Refused, "window ended"},
		"within the hour without window": {50 * time.Minute, 0, false, drift.Healed, ""},
		"the next morning":               {22 * time.Hour, 0, false, drift.Refused, "window ended"},
		"when the target was moved":      {time.Minute, 0, true, drift.Failed, "another address"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, l := newLab(t)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				l.happens("firewall", stop(cancel, false))
				j := s.job(0, firewall)
				if tt.window > 0 {
					j.NotAfter = time.Now().Add(tt.window)
				}
				if _, err := s.executor.Execute(ctx, j); !errors.Is(err, context.Canceled) {
					t.Fatalf("Execute = %v; want it cut off", err)
				}
				time.Sleep(tt.away)
				if tt.moved {
					s.targets[0].Host += "x"
				}
				again := script.New(s.deps)
				if err := again.Resume(t.Context()); err != nil {
					t.Fatal(err)
				}
				r, err := again.Execute(t.Context(), j)
				if err != nil || r.Outcome != tt.want || !strings.Contains(r.Message, tt.says) {
					t.Errorf("the result = %+v, %v; want %s and %q", r, err, tt.want, tt.says)
				}
				if n := l.count("remediate"); (n > 0) != (tt.want == drift.Healed) {
					t.Errorf("remediate ran %d times", n)
				}
				s.close()
			})
		})
	}
}
