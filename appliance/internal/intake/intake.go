// Package intake is where everything that hosts report becomes durable: one
// transaction holds the queue's mark, the newest verdict of each (host, check,
// source), what the incident machine makes of it and the outbox row of the
// evidence (DESIGN D4, D5, D24). Agents and sensors take the same road from
// drift.Event on.
//
// The receiver's rules for an agent's queue: one high-water mark; the next
// sequence is accepted; a gap that covers the next is accepted and moves the
// mark to its end; older ones are ignored; at anything later the batch ends. The
// mark that Accept returns is what the agent may delete. A record that cannot be
// read is accepted as refused, with evidence, because the queue behind it would
// wait for ever; ErrMalformed means that even its key is unusable and the
// session must end. ErrUnknownAgent means that the peer has no host here.
package intake

import (
	"context"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/incident"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/store"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// Errors that callers tell apart.
var (
	ErrMalformed    = errors.New("record without a usable key")
	ErrUnknownAgent = errors.New("agent has no host record here")
)

//go:embed schema.sql
var schema string

// Schema are this package's tables.
var Schema = store.Schema{Owner: "intake", Steps: []string{schema}}

// Hosts finds the host of an agent.
type Hosts interface {
	Agent(agentID string) (host.Host, bool)
}

// Waker is told that the outbox has rows.
type Waker interface{ Wake() }

// Intake accepts.
type Intake struct {
	siteID string
	store  *store.Store
	hosts  Hosts
	sink   Sink
	outbox Waker
	maker  *Maker
	log    *slog.Logger
}

// New makes an intake for a site.
func New(siteID string, st *store.Store, hosts Hosts, sink Sink, outbox Waker, maker *Maker, log *slog.Logger) *Intake {
	return &Intake{
		siteID: siteID, store: st, hosts: hosts, sink: sink, outbox: outbox, maker: maker,
		log: log.With("component", "intake"),
	}
}

// Peer is the agent as its session knows it.
type Peer struct {
	AgentID      string
	ClockSuspect bool
}

// Accept takes an agent's records and returns the queue's mark once it is
// durable.
func (i *Intake) Accept(ctx context.Context, peer Peer, report *compliancev1.Report) (through uint64, err error) {
	h, ok := i.hosts.Agent(peer.AgentID)
	if !ok {
		return 0, ErrUnknownAgent
	}
	reported, err := i.read(ctx, peer, &h, report)
	if err != nil {
		return 0, err
	}
	if len(report.GetQueueId()) != 16 {
		return 0, fmt.Errorf("%w: queue id of %d bytes", ErrMalformed, len(report.GetQueueId()))
	}
	queueID := hex.EncodeToString(report.GetQueueId())
	var done []accepted
	err = i.store.Write(ctx, func(tx *store.Tx) error {
		var err error
		done, through, err = i.take(ctx, tx, peer.AgentID, queueID, &h, reported)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("accepting records of %s: %w", peer.AgentID, err)
	}
	i.finish(ctx, &h, done)
	return through, nil
}

// Observe takes an event that belongs to no queue: a sensor's or a scan's.
func (i *Intake) Observe(ctx context.Context, h *host.Host, e *drift.Event) error {
	e.Site, e.HostID = i.siteID, h.ID
	draft, err := i.maker.prepare(e, h)
	if err != nil {
		return fmt.Errorf("%w: %w", drift.ErrTooLarge, err)
	}
	var done accepted
	err = i.store.Write(ctx, func(tx *store.Tx) error {
		var err error
		done, err = i.apply(ctx, tx, h, reported{event: *e, draft: draft})
		return err
	})
	if err != nil {
		return fmt.Errorf("accepting report on %s: %w", h.ID, err)
	}
	i.finish(ctx, h, []accepted{done})
	return nil
}

// accepted is an event with what it changed.
type accepted struct {
	event   *drift.Event
	news    bool // a status changed or was seen first
	changes []incident.Change
}

// reported is an event with its evidence, as far as it is known before the
// transaction.
type reported struct {
	event drift.Event
	draft *outbox.Draft
}

// read converts outside the transaction: the writer's time is what all share.
func (i *Intake) read(ctx context.Context, peer Peer, h *host.Host, report *compliancev1.Report) ([]reported, error) {
	from := drift.Origin{
		Site: i.siteID, HostID: h.ID, AgentID: peer.AgentID, Source: drift.SourceAgent,
		ReceivedAt: time.Now(), ClockSuspect: peer.ClockSuspect,
	}
	out := make([]reported, 0, len(report.GetRecords()))
	for _, record := range report.GetRecords() {
		r, err := i.readOne(record, report.GetQueueId(), from, h)
		if err != nil {
			i.log.WarnContext(ctx, "record refused", "agent_id", peer.AgentID, "seq", record.GetSeq(), "error", err)
			if r.event, err = drift.Refuse(record, report.GetQueueId(), from, err); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
			}
			if r.draft, err = i.maker.prepare(&r.event, h); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
			}
		}
		out = append(out, r)
	}
	return out, nil
}

func (i *Intake) readOne(record *compliancev1.Record, queueID []byte, from drift.Origin, h *host.Host) (r reported, err error) {
	if r.event, err = drift.FromRecord(record, queueID, from); err != nil {
		return r, err
	}
	r.draft, err = i.maker.prepare(&r.event, h)
	return r, err
}

// take applies the receiver's rules to a batch.
func (i *Intake) take(ctx context.Context, tx *store.Tx, agentID, queueID string, h *host.Host, batch []reported) ([]accepted, uint64, error) {
	q, err := readQueue(ctx, tx, agentID, queueID)
	if err != nil {
		return nil, 0, err
	}
	done := make([]accepted, 0, len(batch))
	for n := range batch {
		e := &batch[n].event
		switch next := q.mark + 1; {
		case e.Key.Seq < next:
			continue
		case e.Key.Seq == next:
		case e.Gap != nil && e.Gap.From <= next:
		default:
			return done, q.mark, q.save(ctx, tx, len(done) > 0)
		}
		a, err := i.apply(ctx, tx, h, batch[n])
		if err != nil {
			return nil, 0, err
		}
		q.mark, q.recordID = e.Key.Seq, e.Key.RecordID
		done = append(done, a)
	}
	return done, q.mark, q.save(ctx, tx, len(done) > 0)
}

// apply makes one event part of the state.
func (i *Intake) apply(ctx context.Context, tx *store.Tx, h *host.Host, r reported) (accepted, error) {
	e := &r.event
	a := accepted{event: e}
	verdicts := e.Verdicts()
	before, err := remember(ctx, tx, h.ID, e, verdicts)
	if err != nil {
		return a, err
	}
	for n := range verdicts {
		a.news = a.news || before[n].status != verdicts[n].Status
	}
	if a.changes, err = i.sink.Accept(ctx, tx, e, *h); err != nil {
		return a, err
	}
	if !i.owed(e, verdicts, before) {
		return a, nil
	}
	draft := *r.draft // the transaction may run twice
	finish(&draft, e, before, a.changes)
	return a, draft.Add(ctx, tx)
}

// provedAgain is how often an unchanged verdict of a source without a queue is
// proved (D33).
const provedAgain = time.Hour

// owed says whether the event gets a bundle. Every record of a queue gets one;
// agents dedup by themselves. So does every run on a host, whatever verify saw.
// Sensors repeat themselves at will.
func (i *Intake) owed(e *drift.Event, verdicts []drift.Verdict, before []past) bool {
	if e.Key.Seq > 0 || e.Result != nil || len(verdicts) == 0 {
		return true
	}
	for n := range verdicts {
		since := e.ReceivedTime.UnixMilli() - before[n].provedMs
		// Below 0 our clock was set back: it may be long until an hour is over.
		if before[n].status != verdicts[n].Status || since >= provedAgain.Milliseconds() || since < 0 {
			return true
		}
	}
	return false
}

// finish tells the others, now that it is durable.
func (i *Intake) finish(ctx context.Context, h *host.Host, done []accepted) {
	if len(done) == 0 {
		return
	}
	i.outbox.Wake()
	var changes []incident.Change
	for _, a := range done {
		i.say(ctx, h, a)
		changes = append(changes, a.changes...)
	}
	if len(changes) > 0 {
		i.sink.Committed(changes)
	}
}

func (i *Intake) say(ctx context.Context, h *host.Host, a accepted) {
	if !i.log.Enabled(ctx, slog.LevelInfo) {
		return
	}
	log := i.log.With("host_id", h.ID, "hostname", h.Hostname, "source", string(a.event.Source), "seq", a.event.Key.Seq)
	switch e := a.event; e.Kind {
	case drift.KindVerdict:
		level := slog.LevelInfo
		if !a.news {
			level = slog.LevelDebug
		}
		log.Log(ctx, level, "drift received", "check", string(e.Verdict.Check), "status", e.Verdict.Status.String(),
			"reason", e.Verdict.Reason, "cause", e.Verdict.Cause)
	case drift.KindState:
		level := slog.LevelInfo
		if !a.news {
			level = slog.LevelDebug // each scan of each host is one
		}
		log.Log(ctx, level, "state received", "verdicts", len(e.State.Verdicts), "cause", e.State.Cause)
	case drift.KindResult:
		log.InfoContext(ctx, "command result", "check", string(e.Result.Check), "incident_id", e.Result.IncidentID,
			"outcome", string(e.Result.Outcome), "message", e.Result.Message)
	case drift.KindGap:
		log.WarnContext(ctx, "records lost", "from", e.Gap.From, "to", e.Gap.To, "count", e.Gap.Count, "reason", e.Gap.Reason)
	case drift.KindRefused:
		log.WarnContext(ctx, "record refused", "reason", e.Refused)
	}
}

// Digest stands for what is held of an agent's verdicts (D5).
func (i *Intake) Digest(ctx context.Context, agentID string) ([32]byte, error) {
	h, ok := i.hosts.Agent(agentID)
	if !ok {
		return [32]byte{}, ErrUnknownAgent
	}
	rows, err := i.store.Reader().QueryContext(ctx,
		"SELECT check_id, status, actual FROM verdict WHERE host_id = ? AND source = ?", h.ID, string(drift.SourceAgent))
	if err != nil {
		return [32]byte{}, fmt.Errorf("reading verdicts of %s: %w", h.ID, err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	var verdicts []check.Verdict
	for rows.Next() {
		var v check.Verdict
		if err := rows.Scan(&v.Check, &v.Status, &v.Actual); err != nil {
			return [32]byte{}, fmt.Errorf("reading verdicts of %s: %w", h.ID, err)
		}
		verdicts = append(verdicts, v)
	}
	return check.Digest(verdicts), rows.Err()
}
