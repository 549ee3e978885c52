package script_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/shared/runbook"
)

func TestWhoeverOrderedARunLearnsThatItBeganAndWhatItWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newLab(t)
		l.happens("remediate", func(context.Context, func() (*runbook.Reply, error)) (*runbook.Reply, error) {
			return &runbook.Reply{Parts: []runbook.Outcome{{Name: "remediate", OK: true, Changed: true, Reboot: true}}}, nil
		})
		j := s.job(0, firewall)
		if begun, waits, err := s.executor.Known(t.Context(), j.CommandID); begun || waits != "" || err != nil {
			t.Errorf("before the run = %t, %q, %v; want nothing", begun, waits, err)
		}
		if _, err := s.executor.Execute(t.Context(), j); !errors.Is(err, script.ErrPending) {
			t.Fatalf("Execute = %v; want ErrPending", err)
		}
		if begun, waits, err := script.New(s.deps).Known(t.Context(), j.CommandID); !begun || !strings.Contains(waits, "restarted") || err != nil {
			t.Errorf("after a restart of the appliance = %t, %q, %v; want that it waits for the host's", begun, waits, err)
		}
		s.close()
	})
}
