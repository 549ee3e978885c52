package script

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestACredentialNobodyAcceptedIsTriedOnOneHostAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard()
		var tries, held, at, most atomic.Int32
		for n := range 100 {
			go func() {
				done, err := g.use(t.Context(), login{name: "scan", host: strconv.Itoa(n), shared: true})
				if errors.Is(err, ErrHeld) {
					held.Add(1)
					return
				}
				tries.Add(1)
				if now := at.Add(1); now > most.Load() {
					most.Store(now)
				}
				time.Sleep(time.Second)
				at.Add(-1)
				done(refused)
			}()
		}
		synctest.Wait()
		time.Sleep(time.Minute)
		if tries.Load() != 1 || held.Load() != 99 || most.Load() != 1 {
			t.Errorf("%d tries, %d at a time, %d held; want one try", tries.Load(), most.Load(), held.Load())
		}
	})
}

func TestAnAcceptedCredentialIsUsedEverywhereAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard()
		began := time.Now()
		for n := range 50 {
			go func() {
				done, err := g.use(t.Context(), login{name: "scan", host: strconv.Itoa(n), shared: true})
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(time.Second)
				done(accepted)
				if time.Since(began) > 2*time.Second {
					t.Errorf("host %d waited until %s", n, time.Since(began))
				}
			}()
		}
		synctest.Wait()
		time.Sleep(10 * time.Second)
	})
}

func TestAHostThatHangsDoesNotKeepTheOthersFromTrying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard()
		hung, err := g.use(t.Context(), login{name: "scan", host: "hung", shared: true})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		done, err := g.use(t.Context(), login{name: "scan", host: "2", shared: true})
		if err != nil || time.Since(began) > 4*time.Second {
			t.Fatalf("use = %v after %s", err, time.Since(began))
		}
		done(accepted)
		time.Sleep(time.Minute)
		hung(nothing)
		if done, err = g.use(t.Context(), login{name: "scan", host: "3", shared: true}); err != nil {
			t.Fatal(err)
		}
		done(accepted)
	})
}

func TestHowLongARefusedCredentialRests(t *testing.T) {
	for name, c := range map[string]struct {
		before []verdictOnLogin // on hosts 1, 2, ...
		shared bool
		host   string
		held   time.Duration // held until then
	}{
		"nobody ever accepted it":              {[]verdictOnLogin{refused}, true, "9", time.Hour},
		"another host accepted it":             {[]verdictOnLogin{accepted, refused}, true, "9", 5 * time.Minute},
		"another did, on the host itself":      {[]verdictOnLogin{accepted, refused}, true, "2", time.Hour},
		"a local account, on another host":     {[]verdictOnLogin{refused}, false, "9", 0},
		"a local account, on the host itself":  {[]verdictOnLogin{refused}, false, "1", time.Hour},
		"a host that said nothing of it":       {[]verdictOnLogin{nothing}, true, "1", 0},
		"accepted later":                       {[]verdictOnLogin{accepted}, true, "1", 0},
		"two refusals after it was acceptable": {[]verdictOnLogin{accepted, refused, refused}, true, "9", time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGuard()
				for n, v := range c.before {
					done, err := g.use(t.Context(), login{name: "x", host: strconv.Itoa(n + 1), shared: c.shared})
					if errors.Is(err, ErrHeld) {
						time.Sleep(restAfterDoubt)
						done, err = g.use(t.Context(), login{name: "x", host: strconv.Itoa(n + 1), shared: c.shared})
					}
					if err != nil {
						t.Fatal(err)
					}
					done(v)
				}
				try := func() error {
					done, err := g.use(t.Context(), login{name: "x", host: c.host, shared: c.shared})
					if err == nil {
						done(nothing)
					}
					return err
				}
				if c.held > 0 {
					time.Sleep(c.held - time.Second)
					if err := try(); !errors.Is(err, ErrHeld) {
						t.Errorf("a second before %s: %v; want ErrHeld", c.held, err)
					}
					time.Sleep(time.Second)
				}
				if err := try(); err != nil {
					t.Errorf("after %s: %v; want nil", c.held, err)
				}
			})
		})
	}
}

func TestARotatedCredentialStartsAnew(t *testing.T) {
	g := newGuard()
	done, err := g.use(t.Context(), login{name: "x", version: "1", host: "1", shared: true})
	if err != nil {
		t.Fatal(err)
	}
	done(refused)
	if _, err := g.use(t.Context(), login{name: "x", version: "1", host: "2", shared: true}); !errors.Is(err, ErrHeld) {
		t.Errorf("the old one = %v; want ErrHeld", err)
	}
	if done, err = g.use(t.Context(), login{name: "x", version: "2", host: "2", shared: true}); err != nil {
		t.Errorf("the new one = %v; want nil", err)
	} else {
		done(accepted)
	}
}

func TestWhoWaitsForACredentialHeedsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard()
		done, err := g.use(t.Context(), login{name: "x", host: "1", shared: true})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := g.use(ctx, login{name: "x", host: "2", shared: true}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("use = %v; want that its time is over", err)
		}
		done(accepted)
	})
}
