package grpcwire

import (
	"context"
	"time"
)

// patience is how many times PingTimeout a peer may go without answering a PING
// while other frames still come: a slow link delays the answer behind data.
const patience = 4

// maxPings bounds PINGs without an answer.
const maxPings = 8

// keepalive sends a PING PingInterval after the last was answered, also on a
// busy connection, and ends the connection when nothing comes back. A peer that
// is gone is noticed PingInterval + PingTimeout after its last frame at the latest.
type keepalive struct {
	timer *time.Timer
	seen  time.Time // last frame
	sent  time.Time // PING that waits, or zero
	id    uint64
}

func (k *keepalive) start(c *Conn) {
	k.seen = time.Now()
	k.timer = time.AfterFunc(c.cfg.PingInterval, func() {
		c.mu.Lock()
		k.tick(c, time.Now())
		c.mu.Unlock()
	})
}

func (k *keepalive) tick(c *Conn, now time.Time) {
	if c.err != nil {
		return
	}
	if k.sent.IsZero() {
		k.sent, k.id = now, c.sendPing()
		k.timer.Reset(c.cfg.PingTimeout)
		return
	}
	idle := now.Sub(k.seen)
	if idle < c.cfg.PingTimeout && now.Sub(k.sent) < patience*c.cfg.PingTimeout {
		k.timer.Reset(c.cfg.PingTimeout - idle)
		return
	}
	c.fail(failed(Unavailable, "peer is silent: no answer to PING for "+now.Sub(k.sent).String()))
}

// answered books the answer to a PING; the next is due in interval.
func (k *keepalive) answered(id uint64, interval time.Duration) {
	if !k.sent.IsZero() && id == k.id {
		k.sent = time.Time{}
		k.timer.Reset(interval)
	}
}

// sendPing queues a PING and returns its number; c.mu is held.
func (c *Conn) sendPing() uint64 {
	c.pingID++
	c.out = appendPing(c.out, 0, c.pingID)
	c.budget.earn()
	c.flush()
	return c.pingID
}

// Ping returns when the peer answered a PING.
func (c *Conn) Ping(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && len(c.pings) >= maxPings {
		return failed(ResourceExhausted, "too many PINGs wait for an answer")
	}
	if c.err != nil {
		return c.err
	}
	id := c.sendPing()
	c.pings[id] = struct{}{}
	defer delete(c.pings, id)
	for {
		if _, waiting := c.pings[id]; !waiting {
			return nil
		}
		if c.err != nil {
			return c.err
		}
		if err := c.wait(ctx, &c.changed); err != nil {
			return err
		}
	}
}

// onPing answers the peer's PING or books the answer to ours; c.mu is held.
func (c *Conn) onPing(ack bool, id uint64) {
	if !ack {
		c.out = appendPing(c.out, flagAck, id)
		return
	}
	c.keep.answered(id, c.cfg.PingInterval)
	delete(c.pings, id)
	c.changed.Broadcast()
}
