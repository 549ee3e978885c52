package posture

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/posture/probe"
)

// dialer makes connections at a rate, and only so many at a time.
type dialer struct {
	pace  *pace
	slots chan struct{}
	net   net.Dialer
	made  atomic.Int64
}

func newDialer(rate, concurrent int) *dialer {
	return &dialer{
		pace: newPace(time.Second / time.Duration(rate)), slots: make(chan struct{}, concurrent),
		net: net.Dialer{Timeout: connectTime, KeepAlive: -1},
	}
}

// Dial implements probe.Dialer. A slot is held until the connection is closed.
func (d *dialer) Dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	select {
	case d.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	free := sync.OnceFunc(func() { <-d.slots })
	if err := d.pace.wait(ctx); err != nil {
		free()
		return nil, err
	}
	d.made.Add(1)
	conn, err := d.net.DialContext(ctx, "tcp", to.String())
	if err != nil {
		free()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, outcome(err)
	}
	return &held{Conn: conn, free: free}, nil
}

// held is a connection with its slot.
type held struct {
	net.Conn
	free func()
}

// Close implements net.Conn.
func (h *held) Close() error {
	defer h.free()
	return h.Conn.Close()
}

// outcome tells what it says about a port that it could not be connected to.
func outcome(err error) error {
	var wait net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
		return probe.ErrRefused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EHOSTDOWN):
		return probe.ErrAway
	case errors.As(err, &wait) && wait.Timeout():
		return probe.ErrSilent
	}
	return err // ENETUNREACH, EACCES, EMFILE: it is us, not the device
}

// gentle keeps a pause between two connections to one device.
type gentle struct {
	probe.Dialer
	gap  time.Duration
	next time.Time
}

// Dial implements probe.Dialer. It has one user at a time.
func (g *gentle) Dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	if err := sleep(ctx, time.Until(g.next)); err != nil {
		return nil, err
	}
	conn, err := g.Dialer.Dial(ctx, to)
	if err != nil {
		g.rest()
		return nil, err
	}
	return &held{Conn: conn, free: g.rest}, nil
}

// rest begins the pause: when a connection is over, not when it was made.
func (g *gentle) rest() { g.next = time.Now().Add(g.gap/2 + rand.N(g.gap+1)) }

// sleep waits, or ends with ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
