package link

import (
	"context"
	"errors"
	"time"

	"github.com/osiriscare/osiris/agent/internal/record"
	"github.com/osiriscare/osiris/agent/internal/wire"
)

const (
	// batchBytes and batchRecords bound one Report; the appliance refuses
	// messages over 256 KB.
	batchBytes   = 96 << 10
	batchRecords = 256
	// stallLimit is how long the appliance may take to make records durable.
	stallLimit = 30 * time.Second
	// sendLimit bounds one message: a peer that reads nothing is as good as dead.
	sendLimit = 30 * time.Second
)

var errStalled = errors.New("the appliance acknowledges nothing")

// send sends records and heartbeats until ctx or the session ends.
func (s *session) send(ctx context.Context) error {
	ticker := time.NewTicker(s.heartbeat)
	defer ticker.Stop()
	watch := time.NewTicker(wakeTick)
	defer watch.Stop()
	last := time.Now()
	for {
		more, err := s.sendRecords(ctx)
		if err != nil {
			return connectionError(s.conn, "sending records", err)
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.flight.wake:
		case <-s.link.Queue.Notify():
		case <-ticker.C:
			if err := s.beat(ctx); err != nil {
				return connectionError(s.conn, "sending heartbeat", err)
			}
		case <-watch.C:
			now := time.Now()
			if jumped(last, now, wakeTick) {
				return errWoke
			}
			last = now
			if s.flight.stalled(now, stallLimit) {
				return errStalled
			}
			if err := s.link.renew(ctx, s.conn, s.order.ClockSuspect); err != nil {
				return err
			}
		}
	}
}

// sendRecords sends one batch; more tells whether it is worth trying again at
// once.
func (s *session) sendRecords(ctx context.Context) (more bool, err error) {
	after, room := s.flight.room()
	if room == 0 || after+1 >= s.link.Queue.Next() {
		return false, nil
	}
	records, err := s.link.Queue.Read(after, batchRecords, min(room, batchBytes))
	if err != nil || len(records) == 0 {
		return false, err
	}
	queueID := s.link.Queue.ID()
	report := wire.Report{QueueID: queueID[:]}
	for i := range records {
		encoded, err := record.Wire(&records[i])
		if err != nil {
			return false, err
		}
		report.Records = append(report.Records, encoded)
	}
	switch s.flight.add(after, records) {
	case addStale:
		return true, nil
	case addFull:
		return false, nil // the next acknowledgement wakes us
	case addDone:
	}
	return true, s.bounded(ctx, wire.AgentReport, &report)
}

// beat sends a sign of life.
func (s *session) beat(ctx context.Context) error {
	full := s.link.Queue.Settle()
	stats, err := s.link.Queue.Stats()
	if err != nil {
		return err
	}
	digest := s.link.State.Digest()
	return s.bounded(ctx, wire.AgentHeartbeat, &wire.Heartbeat{
		SentMs: time.Now().UnixMilli(), VerdictDigest: digest[:],
		Queued: uint64(max(stats.Records, 0)), Dropped: stats.Dropped, DiskFull: full,
	})
}

// bounded sends one AgentMessage with this member.
func (s *session) bounded(ctx context.Context, field uint64, member wire.Message) error {
	limit := sendLimit
	if s.posts {
		limit = answerLimit // an answer is waited for: with a heartbeat before it, a dead peer is seen in 45 s
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	err := s.stream.Send(limited, wire.AppendBytes(nil, field, wire.Encode(member)))
	cancel()
	return err
}
