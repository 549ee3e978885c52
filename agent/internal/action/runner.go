package action

import (
	"context"
	"errors"
	"time"

	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/agent/internal/record"
	"github.com/osiriscare/osiris/agent/internal/say"
	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/check"
)

// Reader gives the facts of a check.
type Reader interface {
	Read(ctx context.Context, id check.ID) check.Facts
}

// Authority says who may order what; *policy.Policy is one.
type Authority interface {
	OpenCommand(envelope []byte) (*trustlite.Command, error)
	Tier(agentID string, nowMs int64) trustlite.Tier
	Parameters(id check.ID) check.Parameters
}

// Clock is Unix milliseconds, never below what a signed document showed (D15).
type Clock func() int64

// backlog is how many accepted commands may wait. The appliance sends one at a
// time; what does not fit it sends again in the next session.
const backlog = 16

// retryPause is the wait before a result that the disk refused is tried again.
const retryPause = 5 * time.Second

// Deps are what a Runner needs.
type Deps struct {
	Actions   []Action
	Root      string
	Reader    Reader
	Authority Authority
	Queue     *queue.Queue
	Clock     Clock
	Windows   windows        // nil for the running one
	Recheck   func(check.ID) // called after each command: the host may have changed
	Log       *say.Logger
}

// Runner runs commands one after the other.
type Runner struct {
	Deps
	Orders      Orders // nil for none; set before Run
	journal     journal
	work        chan *entry
	interrupted []*entry
	// boundary is called before and after each phase; tests end the process there.
	boundary func(point string)
}

// New makes a runner and its journal, and finds what a restart interrupted.
func New(d Deps) (*Runner, error) {
	r := &Runner{Deps: d, journal: journal{d.Queue}, work: make(chan *entry, backlog), boundary: func(string) {}}
	if r.Windows == nil {
		r.Windows = system
	}
	if err := r.journal.prepare(); err != nil {
		return nil, err
	}
	var err error
	r.interrupted, err = r.journal.unfinished()
	return r, err
}

// Run finishes what a restart interrupted, then runs commands until ctx ends. It
// outlives sessions: a lost link does not stop a runbook half-way.
func (r *Runner) Run(ctx context.Context) error {
	for _, e := range r.interrupted {
		if ctx.Err() != nil {
			break
		}
		e.result.Resumed = true
		r.Log.Info("command resumed", "command_id", e.command.CommandId, "phase", e.phase)
		r.run(ctx, e)
	}
	r.interrupted = nil
	ticker := time.NewTicker(standingTick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if r.Orders != nil {
				r.stand(ctx)
			}
		case e := <-r.work:
			r.run(ctx, e)
		}
	}
}

// Open lists the commands begun and not finished, for Hello.
func (r *Runner) Open() ([][]byte, error) {
	entries, err := r.journal.unfinished()
	var ids [][]byte
	for _, e := range entries {
		ids = append(ids, e.command.CommandId)
	}
	return ids, err
}

// run takes an entry to its result, unless ctx ends first: then the journal
// holds it for the next start.
func (r *Runner) run(ctx context.Context, e *entry) {
	if e.result.Outcome == 0 { // else it is only to be told
		r.execute(ctx, e)
	}
	if ctx.Err() != nil && e.result.Outcome == 0 {
		return
	}
	for {
		err := r.journal.finish(e)
		if err == nil {
			break
		}
		r.Log.Error("keeping a command's result", "command_id", e.command.CommandId, "error", err)
		if !sleep(ctx, retryPause) {
			return
		}
	}
	r.boundary("finished")
	r.Log.Info("command finished", "command_id", e.command.CommandId, "runbook", e.command.RunbookId,
		"outcome", outcomeName(e.result.Outcome), "message", e.result.Message, "resumed", e.result.Resumed)
	r.Recheck(check.ID(e.result.CheckID))
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// refuse queues a refusal without a journal entry: the command cannot be
// believed, so its id must not block a true one.
func (r *Runner) refuse(c *trustlite.Command, reason error) error {
	result := newResult(c)
	result.Outcome, result.Message = wire.Refused, record.Text(reason.Error())
	r.Log.Warn("command refused", "command_id", c.CommandId, "reason", result.Message)
	if len(c.CommandId) != idSize {
		return nil // nobody could tell what the answer is about
	}
	item := record.ResultItem(wire.Encode(result))
	_, err := r.Queue.Append(item.Kind, item.Body)
	if errors.Is(err, queue.ErrFull) {
		return nil // counted, and told as a gap
	}
	return err
}

func newResult(c *trustlite.Command) *wire.CommandResult {
	return &wire.CommandResult{
		CommandID: c.CommandId, RunbookID: record.Text(c.RunbookId),
		CheckID: record.Text(c.CheckId), IncidentID: record.Text(c.IncidentId),
	}
}

// outcomeName is how logs spell an outcome.
func outcomeName(o wire.Outcome) string {
	switch o {
	case wire.Healed:
		return "healed"
	case wire.NotNeeded:
		return "not_needed"
	case wire.RolledBack:
		return "rolled_back"
	case wire.Refused:
		return "refused"
	case wire.DryRun:
		return "dry_run"
	default:
		return "failed"
	}
}
