// Package probe reads the facts that the judges of shared/check need: one
// reader per check, no writing, no judging. Sizes are bytes. Files are looked
// for under a root folder, "/" in production. A reader never answers "fine"
// when it could not look: it gives the fact "error" with the reason, or
// "not_applicable" when the host has no such part. Readers have a time limit,
// because statfs on a dead network mount blocks for ever. Parsers take an
// io.Reader and are tested on every system.
//
// What is read on Windows is text in windowsTable, which one interpreter reads
// through two interfaces; tests put testdata/windows behind them. sources.txt
// names the page of Microsoft for each value. Other sources: the kernel's
// Documentation/admin-guide/sysctl, sysctl.d(5), adjtimex(2), proc_mounts(5),
// GetDiskFreeSpaceExW (learn.microsoft.com), all read 2026-11-22.
package probe

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// readerLimit is how long one reader may take; sshd -T answers in 0.1 s.
const readerLimit = 10 * time.Second

// Probe reads one host.
type Probe struct {
	root string
	platform

	// Signatures is what rmm_detection looks for; nil means that no list can come.
	Signatures Signatures

	// Clock is asked for the time before others; nil asks only those that the
	// system itself follows.
	Clock Clock

	mu   sync.Mutex
	busy map[check.ID]chan struct{} // closed when the running reader ends
}

// New makes a probe that looks for files under root.
func New(root string) *Probe {
	return &Probe{root: root, busy: make(map[check.ID]chan struct{})}
}

// missing is the reason why a check does not apply to this host.
type missing string

func (m missing) Error() string { return string(m) }

// Read gives the facts of a check. It never fails: what went wrong is a fact.
func (p *Probe) Read(ctx context.Context, id check.ID) check.Facts {
	reader := p.reader(id)
	if reader == nil {
		return check.Facts{{Name: check.FactNotApplicable, Value: "The check does not exist on this system."}}
	}
	ctx, cancel := context.WithTimeout(ctx, readerLimit)
	defer cancel()
	if !p.begin(ctx, id) {
		return failed(errors.New("an earlier reading still hangs"))
	}
	answer := make(chan check.Facts, 1)
	go func() {
		facts, err := reader(ctx)
		if err != nil {
			facts = failed(err)
		}
		answer <- facts
		p.end(id)
	}()
	select {
	case facts := <-answer:
		return facts
	case <-ctx.Done():
		return failed(errors.New("reading took longer than " + readerLimit.String()))
	}
}

// failed turns an error into the fact that makes the verdict unknown, or not
// applicable.
func failed(err error) check.Facts {
	fact := check.Fact{Name: check.FactError, Value: "Not readable: " + err.Error() + "."}
	for ; err != nil; err = errors.Unwrap(err) {
		if m, ok := err.(missing); ok { //nolint:errorlint // errors.AsType costs the agent 2 KB a type
			fact = check.Fact{Name: check.FactNotApplicable, Value: string(m)}
		}
	}
	return check.Facts{fact}
}

// begin waits until no other reader of the check runs: a reader that hangs must
// not gather more of its kind.
func (p *Probe) begin(ctx context.Context, id check.ID) bool {
	for {
		p.mu.Lock()
		running, ok := p.busy[id]
		if !ok {
			p.busy[id] = make(chan struct{})
			p.mu.Unlock()
			return true
		}
		p.mu.Unlock()
		select {
		case <-running:
		case <-ctx.Done():
			return false
		}
	}
}

func (p *Probe) end(id check.ID) {
	p.mu.Lock()
	close(p.busy[id])
	delete(p.busy, id)
	p.mu.Unlock()
}
