package link_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// newFallbackRig is a machine that has enrolled, with both ports at hand.
func newFallbackRig(t *testing.T, a *fakeappliance.Appliance) *rig {
	t.Helper()
	r := newRigAt(t, a, &rig{fallback: a.Fallback(t)})
	a.Wait(t, "the first verdict", has(a, pass))
	return r
}

func TestRecordsGoOutOverTheFallbackWhileThePortIsBlockedAndBackAgain(t *testing.T) {
	a := fakeappliance.New(t)
	r := newFallbackRig(t, a)
	addr := a.Addr()
	for range 2 {
		sessions := 0
		a.Locked(func() { sessions = a.Sessions() })
		a.Stop()
		toggle(t, a, r, 3)
		a.Locked(func() {
			if a.Posts() == 0 || a.Sessions() != sessions {
				t.Errorf("%d posts, %d sessions more; want posts only", a.Posts(), a.Sessions()-sessions)
			}
		})
		a.Start(t, addr)
		a.Wait(t, "a session again", func() bool { return a.Sessions() > sessions })
		toggle(t, a, r, 2)
		posts := 0
		a.Locked(func() { posts = a.Posts() })
		toggle(t, a, r, 2)
		a.Locked(func() {
			if a.Posts() != posts {
				t.Errorf("%d posts beside an open session", a.Posts()-posts)
			}
		})
	}
	expectUnbroken(t, a)
}

func TestTheFallbackBringsPolicyAndAsksForTheState(t *testing.T) {
	a := fakeappliance.New(t)
	r := newFallbackRig(t, a)
	a.Stop()
	a.ChangePolicy(func(p *trustv1.Policy) { p.Tier = trustv1.Tier_TIER_FULL_REMEDIATION })
	_, before := r.policy.Versions()
	a.Behave(func(b *fakeappliance.Behaviour) { b.StateWanted = true })
	a.Wait(t, "the state", func() bool {
		for _, r := range a.Accepted() {
			if r.Record.GetState().GetCause() == "digest" {
				return true
			}
		}
		return false
	})
	if _, now := r.policy.Versions(); now <= before {
		t.Errorf("the policy's version is %d; want more than %d", now, before)
	}
}

func TestWithoutAnyPortItWaits(t *testing.T) {
	a := fakeappliance.New(t)
	r := newFallbackRig(t, a)
	addr := a.Addr()
	a.Behave(func(b *fakeappliance.Behaviour) { b.RefusePosts = 503 })
	a.Stop()
	r.configure("60-osiris.conf", "kernel.kptr_restrict = 0\n")
	a.Wait(t, "a refused post", func() bool { return strings.Contains(r.log.String(), "HTTP 503: refused") })
	a.Start(t, addr)
	a.Wait(t, "the drift", has(a, fail))
	expectUnbroken(t, a)
}

func TestAMachineEnrolsOverTheFallback(t *testing.T) {
	a := fakeappliance.New(t)
	fallback := a.Fallback(t)
	// A port where nobody answers takes the place of the blocked one.
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	newRigAt(t, a, &rig{fallback: fallback, addr: l.Addr().String()})
	a.Wait(t, "the first verdict", has(a, pass))
	a.Locked(func() {
		if a.Sessions() != 0 || a.Posts() == 0 {
			t.Errorf("%d sessions, %d posts; want posts only", a.Sessions(), a.Posts())
		}
	})
}
