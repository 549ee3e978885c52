// Package update replaces the agent's own program (DESIGN D37). What may be
// installed is judged by shared/release; the appliance only offers. The steps:
//
//	the running agent  asks, downloads in pieces, verifies, stages the program
//	                   beside its own, tries that it starts, copies itself to
//	                   "old", writes the journal (ready), starts "old
//	                   watch-update", ends with ErrRestart
//	the watcher (old)  waits until the agent has ended, puts the new program in
//	                   place by one rename, writes the journal (trial), starts
//	                   the service, waits for the proof
//	the new agent      proves itself once it has a session and its appliance has
//	                   answered this package's own question
//	the watcher        sees the proof and is done; or sees it crash, hang or stay
//	                   silent, puts the old program back, starts the service
//
// The program's path always has a whole program. The journal and the programs'
// hashes say what is to be done next, so every step may be cut off and repeated;
// Boot, which each start of the agent calls first, starts a watcher again that is
// gone. A program that failed is tried again after a pause that grows, five times
// in all. The outcome goes to the appliance with the next question.
//
// Times are Unix milliseconds, sizes bytes. Files in the folder "update" of the
// data folder: journal, metadata (what is trusted), proof, starts (one byte a
// start in a trial), pid, watch.lock, watch.log, and part, a download.
package update

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/osiriscare/osiris/agent/internal/grpcwire"
	"github.com/osiriscare/osiris/agent/internal/say"
	"github.com/osiriscare/osiris/shared/release"
)

// ErrRestart ends the agent so that its program can be replaced. The process
// must end with an exit code other than 0: the service manager then starts it
// again, whatever becomes of the watcher.
var ErrRestart = errors.New("ending for an update")

// Caller asks the appliance; *grpcwire.Conn is one.
type Caller interface {
	Invoke(ctx context.Context, method string, request []byte, md ...grpcwire.Header) ([]byte, error)
}

// Deps are what an Update needs.
type Deps struct {
	Folder  string        // "update" in the data folder
	Exe     string        // the program that runs
	Args    []string      // its arguments: a verb, then the options
	Roots   *release.Keys // nil: this build takes no updates
	OS      string
	Arch    string
	Version string
	Built   int64 // Unix seconds
	NowMs   func() int64
	Log     *say.Logger
}

// Update is the agent's side. Its methods may be called from any goroutine.
type Update struct {
	Deps
	mu     sync.Mutex
	caller Caller
	opened chan struct{} // a session was opened
}

// New makes the folder.
func New(d Deps) (*Update, error) {
	if err := os.Mkdir(d.Folder, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	return &Update{Deps: d, opened: make(chan struct{}, 1)}, nil
}

// Online says that a session is open, and by nil that it has ended.
func (u *Update) Online(c Caller) {
	u.mu.Lock()
	u.caller = c
	u.mu.Unlock()
	if c != nil {
		select {
		case u.opened <- struct{}{}:
		default: // nobody has looked since the one before
		}
	}
}

// Bounds of the time between two questions.
const (
	shortest = 10 * time.Second
	usual    = time.Hour
	longest  = 24 * time.Hour
	trialAsk = time.Second // until the watcher has seen the proof
)

// Run asks now and then until ctx ends; it returns nil then, and ErrRestart when
// the program is to be replaced.
func (u *Update) Run(ctx context.Context) error {
	if u.Roots == nil {
		<-ctx.Done()
		return nil
	}
	wait := longest // until the first session
	for ctx.Err() == nil {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-u.opened:
		case <-timer.C:
		}
		timer.Stop()
		u.mu.Lock()
		c := u.caller
		u.mu.Unlock()
		if wait = longest; c == nil || ctx.Err() != nil {
			continue
		}
		var err error
		wait, err = u.round(ctx, c)
		if errors.Is(err, ErrRestart) {
			return err
		}
		if err != nil && ctx.Err() == nil {
			u.Log.Warn("not updated", "error", err)
		}
	}
	return nil
}

func (u *Update) path(name string) string { return filepath.Join(u.Folder, name) }
