// Package update offers agents a newer program (DESIGN D37). A folder that the
// release tool wrote holds the metadata and the programs; whoever updates the
// appliance puts it there. It is offered when go-tuf takes its metadata, the
// agents' own judge takes the compact form, both say the same, and the programs
// are those that were signed; agents judge once more.
//
// A program goes out in rings: each holds a share of the agents of its system or
// names them, opens when the ring before it has been open for a while and
// somebody in it runs the program, and closes for good when too many had to put
// the old program back; Resume, or a newer program, opens it again. Everything
// about rings is in state.db. What agents tell of a program, a ring that was
// closed and a folder that is refused become evidence in the same transaction.
//
// Times are Unix milliseconds, sizes bytes. ErrUnknown means a target that is not
// offered.
package update

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/store"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/release"
)

//go:embed schema.sql
var schema string

//go:embed trust.sql
var trustSchema string

// Schema is this package's tables.
var Schema = store.Schema{Owner: "update", Steps: []string{schema, trustSchema}}

// ErrUnknown means a target that is not offered.
var ErrUnknown = errors.New("there is no such target")

// Config says what is offered and how fast, and in whose name.
type Config struct {
	Dir string
	// Roots are the release keys; nil leaves signatures to the agents.
	Roots *release.Keys
	// Rings and Halt are the default ones when empty.
	Rings []Ring
	Halt  Halt

	SiteID, ApplianceID, Version string
}

// Hosts knows agents' computers; *host.Registry does.
type Hosts interface {
	Agent(agentID string) (host.Host, bool)
}

// Versions says under which signed documents something is done; *policy.Holder
// does.
type Versions interface {
	Versions() (trust, policy uint64)
}

// Deps are what an Update needs.
type Deps struct {
	Config
	Store    *store.Store
	Hosts    Hosts
	Versions Versions
	// Drafts queues evidence inside a transaction, as outbox.Add does.
	Drafts func(ctx context.Context, tx *store.Tx, b *bundle.Bundle) error
	Log    *slog.Logger
}

// Limits of serving.
const (
	pieceBytes = 64 << 10 // one answer
	perSecond  = 32 << 20 // all agents together
	askAgain   = time.Hour
)

// Update serves one folder.
type Update struct {
	Deps
	log   *slog.Logger
	now   func() time.Time
	bytes *rate.Limiter

	tellers tellers

	mu    sync.Mutex
	stamp stamp
	until time.Time // then what is held is judged again
	held  *folder   // nil: nothing is offered
}

// New makes the service; the folder may come later.
func New(d Deps) *Update {
	if len(d.Rings) == 0 {
		d.Rings = DefaultRings()
	}
	if d.Halt == (Halt{}) {
		d.Halt = DefaultHalt()
	}
	return &Update{
		Deps: d, log: d.Log.With("component", "update"), now: time.Now, bytes: rate.NewLimiter(perSecond, perSecond),
	}
}

// Check answers an agent's question and keeps what it tells.
func (u *Update) Check(ctx context.Context, agentID string, q *compliancev1.CheckUpdateRequest) (*compliancev1.CheckUpdateResponse, error) {
	a := asker{id: agentID, os: q.GetOs(), arch: q.GetArch(), version: q.GetVersion(), built: q.GetBuilt()}
	if len(a.os) > maxName || len(a.arch) > maxName || len(a.version) > maxName {
		return nil, fmt.Errorf("checking for an update: %w", ErrUnknown)
	}
	a.host, _ = u.Hosts.Agent(agentID)
	if err := u.note(ctx, a, q.GetOutcome()); err != nil {
		return nil, err
	}
	wait := askAgain - rand.N(askAgain/4) //nolint:gosec // jitter is no secret
	answer := &compliancev1.CheckUpdateResponse{WaitMs: uint32(wait.Milliseconds())}
	f := u.folder(ctx)
	if f == nil {
		return answer, nil
	}
	answer.Metadata = f.since(q.GetRootVersion())
	t := f.newest(a)
	if t == nil {
		return answer, nil
	}
	turn, err := u.turn(ctx, a, t)
	if err != nil {
		return nil, err
	}
	if turn {
		answer.Path = t.GetPath()
	}
	return answer, nil
}

// maxName bounds what an agent says it is.
const maxName = 128

// Fetch gives a piece of a program.
func (u *Update) Fetch(ctx context.Context, q *compliancev1.FetchTargetRequest) (*compliancev1.FetchTargetResponse, error) {
	f := u.folder(ctx)
	if f == nil || f.targets[q.GetPath()] == nil {
		return nil, fmt.Errorf("fetching %q: %w", q.GetPath(), ErrUnknown)
	}
	t := f.targets[q.GetPath()]
	left := t.GetLength() - min(q.GetOffset(), t.GetLength())
	n := min(uint64(q.GetLimit()), pieceBytes, left)
	if n == 0 {
		return &compliancev1.FetchTargetResponse{}, nil
	}
	if err := u.bytes.WaitN(ctx, int(n)); err != nil { //nolint:gosec // at most pieceBytes
		return nil, fmt.Errorf("fetching %s: %w", t.GetPath(), err)
	}
	content, err := readPiece(filepath.Join(u.Dir, targetsDir, filepath.FromSlash(t.GetPath())), int64(q.GetOffset()), int(n)) //nolint:gosec // both below the length
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", t.GetPath(), err)
	}
	return &compliancev1.FetchTargetResponse{Content: content}, nil
}

func readPiece(path string, offset int64, n int) (content []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	content = make([]byte, n)
	_, err = f.ReadAt(content, offset)
	return content, err
}
