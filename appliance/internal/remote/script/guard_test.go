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
		"another host accepted it":             {[]verdictOnLogin{accepted, refused}, true, "9", time.Hour},
		"another did, and is asked":            {[]verdictOnLogin{accepted, refused}, true, "1", 0},
		"a ticket that a host does not take":   {[]verdictOnLogin{declined}, true, "1", 5 * time.Minute},
		"such a ticket, on another host":       {[]verdictOnLogin{declined}, true, "9", 0},
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
						time.Sleep(restAfterProof)
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

func TestAHostThatAcceptedItProvesThePasswordAfterAStrangersRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard()
		use := func(host string, v verdictOnLogin) error {
			done, err := g.use(t.Context(), login{name: "x", host: host, shared: true})
			if err == nil {
				done(v)
			}
			return err
		}
		for _, step := range []struct {
			what, host string
			v          verdictOnLogin
			held       bool
		}{
			{"a host", "1", accepted, false},
			{"a stranger", "rogue", refused, false},
			{"another stranger meanwhile", "2", accepted, true},
			{"the host again", "1", accepted, false},
			{"the other stranger then", "2", accepted, false},
			{"the first one, which rests", "rogue", refused, true},
			{"a third", "rogue 3", refused, false},
			{"the host, when the password is wrong indeed", "1", refused, false},
			{"any other then", "2", accepted, true},
		} {
			if err := use(step.host, step.v); errors.Is(err, ErrHeld) != step.held {
				t.Errorf("%s: %v; want it held: %t", step.what, err, step.held)
			}
		}
	})
}

func TestStrangersThatRefuseDoNotEndTheScansOfTheRest(t *testing.T) {
	for _, rogues := range []int{1, 2, 5, 10} {
		synctest.Test(t, func(t *testing.T) {
			g := newGuard()
			went, all := 0, 0
			for range 12 * 24 { // a day of cycles
				for n := range 20 + rogues {
					rogue := n%3 == 1 && n/3 < rogues
					done, err := g.use(t.Context(), login{name: "scan", host: strconv.Itoa(n), shared: true})
					switch {
					case rogue && err == nil:
						done(refused)
					case rogue:
					case err == nil:
						done(accepted)
						went++
						fallthrough
					default:
						all++
					}
				}
				time.Sleep(300 * time.Second)
			}
			if went*100 < all*95 {
				t.Errorf("with %d strangers %d of %d scans go; want 95 in 100", rogues, went, all)
			}
		})
	}
}
