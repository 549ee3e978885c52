package script_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/tools/winlab/model"
)

// lab is a road that ends at a model, without a network. What is listed for a
// part happens instead of its next run.
type lab struct {
	t     testing.TB
	model *model.Host
	next  map[string][]func(ctx context.Context, run func() (*runbook.Reply, error)) (*runbook.Reply, error)
	ran   []string
}

func newLab(t testing.TB) (*site, *lab) {
	t.Helper()
	m, err := model.New(model.Config{Name: "WS01", Role: runbook.RoleWorkstation, Domain: true, Catalogue: catalogue(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Set("firewall.profiles.public.enabled", false); err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, model: m, next: map[string][]func(context.Context, func() (*runbook.Reply, error)) (*runbook.Reply, error){}}
	s := &site{t: t, tier: trustlite.Tier_TIER_SELF_HEAL, targets: []script.Target{{ID: "t_1", Kind: script.Workstation, Host: "ws01", Lab: true}}}
	s.start(l)
	return s, l
}

func (l *lab) Run(ctx context.Context, _ script.Target, d *runbook.Document, _ bool) (*runbook.Reply, error) {
	name := d.Parts[0].Name
	l.ran = append(l.ran, name)
	run := func() (*runbook.Reply, error) { return l.direct(ctx, d) }
	if todo := l.next[name]; len(todo) > 0 {
		l.next[name] = todo[1:]
		return todo[0](ctx, run)
	}
	return run()
}

func (l *lab) direct(ctx context.Context, d *runbook.Document) (*runbook.Reply, error) {
	stdin, err := d.Windows()
	if err != nil {
		return nil, err
	}
	line, err := catalogue(l.t).WindowsCommand()
	if err != nil {
		return nil, err
	}
	var out, errs strings.Builder
	if code := l.model.Run(ctx, line, strings.NewReader(string(stdin)), &out, &errs); code != 0 {
		return nil, errors.New(errs.String())
	}
	return runbook.ReadReply([]byte(out.String()))
}

// happens lists what the part's next runs are; nil is an ordinary one.
func (l *lab) happens(part string, what ...func(ctx context.Context, run func() (*runbook.Reply, error)) (*runbook.Reply, error)) {
	for _, w := range what {
		if w == nil {
			w = func(_ context.Context, run func() (*runbook.Reply, error)) (*runbook.Reply, error) { return run() }
		}
		l.next[part] = append(l.next[part], w)
	}
}

var errLost = errors.New("the connection broke off")

// lost answers are those of a part that ran.
func lost(_ context.Context, run func() (*runbook.Reply, error)) (*runbook.Reply, error) {
	_, _ = run()
	return nil, errLost
}

// away hosts run nothing.
func away(context.Context, func() (*runbook.Reply, error)) (*runbook.Reply, error) {
	return nil, errLost
}

func (l *lab) enabled() any {
	v, _ := l.model.Get("firewall.profiles.public.enabled")
	return v
}

func (l *lab) count(part string) (n int) {
	for _, r := range l.ran {
		if r == part {
			n++
		}
	}
	return n
}

func TestAFixWhoseAnswerIsLostIsVerifiedAndNotRunAgain(t *testing.T) {
	s, l := newLab(t)
	l.happens("remediate", lost)
	r := s.execute(s.job(0, firewall))
	if r.Outcome != drift.Healed || l.count("remediate") != 1 || l.enabled() != true {
		t.Errorf("the result = %s: %s; the host ran %v", r.Outcome, r.Message, l.ran)
	}
}

func TestAFixThatNeverHappenedIsRolledBack(t *testing.T) {
	s, l := newLab(t)
	l.happens("remediate", away)
	r := s.execute(s.job(0, firewall))
	if r.Outcome != drift.RolledBack || l.count("remediate") != 1 || l.enabled() != false {
		t.Errorf("the result = %s: %s; the host ran %v", r.Outcome, r.Message, l.ran)
	}
}

// stop ends the appliance when the part begins, before or after the host ran it.
func stop(cancel context.CancelFunc, after bool) func(context.Context, func() (*runbook.Reply, error)) (*runbook.Reply, error) {
	return func(ctx context.Context, run func() (*runbook.Reply, error)) (*runbook.Reply, error) {
		if after {
			_, _ = run()
		}
		cancel()
		return nil, ctx.Err()
	}
}

func TestARestartGoesOnWithVerifyOrRollback(t *testing.T) {
	for name, c := range map[string]struct {
		part    string
		nth     int // run of that part
		after   bool
		want    drift.Outcome
		enabled bool
		fixes   int
	}{
		"before it was looked at":       {"firewall", 0, false, drift.Healed, true, 1},
		"in the snapshot":               {"snapshot", 0, true, drift.Healed, true, 1},
		"in a fix that had happened":    {"remediate", 0, true, drift.Healed, true, 1},
		"in a fix that did not happen":  {"remediate", 0, false, drift.RolledBack, false, 1},
		"in verify":                     {"firewall", 1, false, drift.Healed, true, 1},
		"in the middle of the rollback": {"rollback", 0, true, drift.RolledBack, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, l := newLab(t)
			if c.part == "rollback" {
				l.happens("remediate", away)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			for range c.nth {
				l.happens(c.part, nil)
			}
			l.happens(c.part, stop(cancel, c.after))
			j := s.job(0, firewall)
			if _, err := s.executor.Execute(ctx, j); !errors.Is(err, context.Canceled) {
				t.Fatalf("Execute = %v; want that it was stopped", err)
			}
			if len(s.events) != 0 {
				t.Errorf("there is evidence already: %+v", s.events)
			}
			again := script.New(s.deps) // after the restart
			if _, err := again.Execute(t.Context(), j); !errors.Is(err, script.ErrPending) {
				t.Errorf("a redelivery before it went on = %v; want ErrPending", err)
			}
			if err := again.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
			r, err := again.Execute(t.Context(), j)
			if err != nil {
				t.Fatal(err)
			}
			if r.Outcome != c.want || !r.Resumed || l.count("remediate") != c.fixes || l.enabled() != c.enabled || len(s.events) != 1 {
				t.Errorf("the result = %s: %s; resumed %t, firewall %v, events %d; the host ran %v; want %s",
					r.Outcome, r.Message, r.Resumed, l.enabled(), len(s.events), l.ran, c.want)
			}
		})
	}
}

func TestAHostThatIsAwayAfterAFixIsVerifiedWhenItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newLab(t)
		l.happens("firewall", nil, away, away)
		j := s.job(0, firewall)
		if _, err := s.executor.Execute(t.Context(), j); !errors.Is(err, script.ErrPending) {
			t.Fatalf("Execute = %v; want ErrPending", err)
		}
		if err := s.executor.Resume(t.Context()); err != nil || l.count("firewall") != 2 {
			t.Errorf("Resume at once = %v, %v; want that it waits", err, l.ran)
		}
		for range 2 {
			time.Sleep(31 * time.Second)
			if err := s.executor.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if r, err := s.executor.Execute(t.Context(), j); err != nil || r.Outcome != drift.Healed || l.count("remediate") != 1 {
			t.Errorf("Execute = %+v, %v; the host ran %v", r, err, l.ran)
		}
		synctest.Wait()
		s.close()
	})
}

func TestAHostThatStaysAwayIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newLab(t)
		l.happens("firewall", nil)
		for range 200 {
			l.happens("firewall", away)
		}
		j := s.job(0, firewall)
		_, err := s.executor.Execute(t.Context(), j)
		began := time.Now()
		for errors.Is(err, script.ErrPending) {
			time.Sleep(10 * time.Second)
			if err := s.executor.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, err = s.executor.Execute(t.Context(), j)
		}
		r, err := s.executor.Execute(t.Context(), j)
		if err != nil || r.Outcome != drift.Failed || !strings.Contains(r.Message, "not known") || time.Since(began) < time.Hour || time.Since(began) > time.Hour+time.Minute {
			t.Errorf("after %s: %+v, %v", time.Since(began), r, err)
		}
		s.close()
	})
}

func TestWhatNeedsARestartIsVerifiedAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newLab(t)
		l.happens("remediate", func(context.Context, func() (*runbook.Reply, error)) (*runbook.Reply, error) {
			return &runbook.Reply{Parts: []runbook.Outcome{{Name: "remediate", OK: true, Changed: true, Reboot: true}}}, nil
		})
		j := s.job(0, firewall)
		if _, err := s.executor.Execute(t.Context(), j); !errors.Is(err, script.ErrPending) || l.count("firewall") != 1 {
			t.Fatalf("Execute = %v, ran %v; want that it waits for the restart", err, l.ran)
		}
		time.Sleep(2 * time.Minute)
		if err := s.executor.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.executor.Execute(t.Context(), j); !errors.Is(err, script.ErrPending) || l.count("rollback") != 0 {
			t.Errorf("before the restart: %v, ran %v; want that it waits", err, l.ran)
		}
		if err := l.model.Set("firewall.profiles.public.enabled", true); err != nil { // the restart
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if err := s.executor.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r, err := s.executor.Execute(t.Context(), j); err != nil || r.Outcome != drift.Healed {
			t.Errorf("after the restart: %+v, %v", r, err)
		}
		s.close()
	})
}

func TestARestartThatNeverComesIsRolledBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newLab(t)
		l.happens("remediate", func(context.Context, func() (*runbook.Reply, error)) (*runbook.Reply, error) {
			return &runbook.Reply{Parts: []runbook.Outcome{{Name: "remediate", OK: true, Changed: true, Reboot: true}}}, nil
		})
		j := s.job(0, firewall)
		_, _ = s.executor.Execute(t.Context(), j)
		for range 25 {
			time.Sleep(time.Hour)
			if err := s.executor.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if r, err := s.executor.Execute(t.Context(), j); err != nil || r.Outcome != drift.RolledBack || l.count("rollback") != 1 {
			t.Errorf("a day later: %+v, %v", r, err)
		}
		s.close()
	})
}

func TestAPhaseThatHangsIsAbandonedInItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newLab(t)
		l.happens("remediate", func(ctx context.Context, _ func() (*runbook.Reply, error)) (*runbook.Reply, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		began := time.Now()
		r, err := s.executor.Execute(t.Context(), s.job(0, firewall))
		if err != nil || r.Outcome != drift.RolledBack || time.Since(began) != 65*time.Second {
			t.Errorf("Execute = %+v, %v after %s; want the phase's 45 s and 20 s", r, err, time.Since(began))
		}
		s.close()
	})
}

func TestAWithdrawnTargetEndsItsRun(t *testing.T) {
	s, l := newLab(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l.happens("remediate", stop(cancel, true))
	j := s.job(0, firewall)
	_, _ = s.executor.Execute(ctx, j)
	s.targets = nil
	if err := s.executor.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err := s.executor.Execute(t.Context(), j); err != nil || r.Outcome != drift.Failed || !strings.Contains(r.Message, "withdrawn") {
		t.Errorf("Execute = %+v, %v; want that it failed", r, err)
	}
}

func TestWhatCannotBeToldIsNeitherChangedNorHealed(t *testing.T) {
	s, l := newLab(t)
	l.model.Deny("firewall", model.Denial{Message: "Access is denied.", Code: "0x80070005"})
	r := s.execute(s.job(0, firewall))
	if r.Outcome != drift.Refused || r.Before.Status != check.Unknown || l.count("remediate") != 0 {
		t.Errorf("the result = %+v", r)
	}
}

func TestASettingOfGroupPolicyIsAConflict(t *testing.T) {
	s, l := newLab(t)
	if err := l.model.Policy("firewall.profiles.domain.enabled", false); err != nil {
		t.Fatal(err)
	}
	r := s.execute(s.job(0, firewall))
	if r.Outcome != drift.Refused || !strings.Contains(r.Message, "policy_conflict") {
		t.Errorf("the result = %s: %s", r.Outcome, r.Message)
	}
}

// Where nobody can say what policy sets, nothing is changed against it.
func TestASettingThatPolicyMayOwnIsLeftAlone(t *testing.T) {
	s, l := newLab(t)
	for path, value := range map[string]any{"policy.readable": false, "users.guest.disabled": false} {
		if err := l.model.Set(path, value); err != nil {
			t.Fatal(err)
		}
	}
	r := s.execute(s.job(0, "windows.guest.disable"))
	if r.Outcome != drift.Refused || !strings.Contains(r.Message, "policy_unknown") || l.count("remediate") != 0 {
		t.Errorf("the result = %s: %s", r.Outcome, r.Message)
	}
}

func TestOneThingRunsOnAHost(t *testing.T) {
	s, _ := newLab(t)
	free, ok := s.deps.Turns.Try("t_1")
	if !ok {
		t.Fatal("the host is taken")
	}
	if _, err := s.executor.Execute(t.Context(), s.job(0, firewall)); !errors.Is(err, script.ErrBusy) {
		t.Errorf("Execute = %v; want ErrBusy", err)
	}
	free()
	if r := s.execute(s.job(0, firewall)); r.Outcome != drift.Healed {
		t.Errorf("afterwards = %+v", r)
	}
}

func TestTheLogSaysNothingOfSecrets(t *testing.T) {
	s, _ := newLab(t)
	var out strings.Builder
	s.deps.Log = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.password = "hunter2hunter2"
	s.executor = script.New(s.deps)
	s.execute(s.job(0, firewall))
	if strings.Contains(out.String(), s.password) || !strings.Contains(out.String(), "runbook ended") {
		t.Errorf("the log = %s", out.String())
	}
}
