package update

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
	"github.com/osiriscare/osiris/agent/internal/wire"
)

// Phases of an update.
const (
	idle  = 0
	ready = 1 // the new program is staged; the watcher is to put it in place
	trial = 2 // it is in place and has not proved itself
)

// journal is what survives. The agent writes it while it is idle, the watcher
// otherwise. It is encoded as protobuf is; nobody else reads it.
type journal struct {
	phase  uint64
	id     []byte // random, of this try
	sha    []byte // of the new program
	built  int64  // of the new program
	exe    string
	args   []string
	former wire.UpdateOutcome
	retry  int64  // not before, for the same program
	why    string // it failed its trial; empty until then
}

// Fields is the message's table.
func (j *journal) Fields(c *wire.Codec) {
	c.Uint(1, &j.phase)
	c.Bytes(2, &j.id)
	c.Bytes(3, &j.sha)
	c.Int(4, &j.built)
	c.String(5, &j.exe)
	c.Strings(6, &j.args)
	c.Bytes(7, &j.former.SHA256)
	c.Uint(8, &j.former.State)
	c.String(9, &j.former.Reason)
	c.Uint(10, &j.former.Failures)
	c.Int(11, &j.retry)
	c.String(12, &j.why)
}

// Names of files.
const (
	journalFile  = "journal"
	metadataFile = "metadata"
	proofFile    = "proof"
	startsFile   = "starts"
	pidFile      = "pid"
	partFile     = "part"
	watchLock    = "watch.lock"
	watchLog     = "watch.log"
)

// load reads the journal. One that is missing or damaged is an empty one: the
// program in place then stays, whichever it is.
func load(folder string) *journal {
	j := &journal{}
	b, err := os.ReadFile(filepath.Join(folder, journalFile))
	if err != nil || wire.Decode(b, j) != nil {
		return &journal{}
	}
	return j
}

func (j *journal) save(folder string) error {
	return atomicfile.Write(filepath.Join(folder, journalFile), wire.Encode(j), 0o600)
}

// Pauses after failures of one program, and how many there are.
const (
	firstPause  = time.Hour
	mostTries   = 5
	longestWait = 24 * time.Hour
)

// end notes how an update to the program sha ended.
func (j *journal) end(sha []byte, state uint64, reason string, nowMs int64) {
	failures := uint64(0)
	if state != wire.UpdateInstalled {
		failures = 1
		if string(sha) == string(j.former.SHA256) {
			failures += j.former.Failures
		}
	}
	j.phase, j.why = idle, ""
	j.former = wire.UpdateOutcome{SHA256: sha, State: state, Reason: reason, Failures: failures}
	pause := longestWait
	if failures < mostTries {
		pause = min(firstPause<<(2*failures), 4*longestWait) / 4
	}
	j.retry = nowMs + pause.Milliseconds()
}

// mayTry tells whether a program may be installed now. A clock that was set back
// does not make it wait longer than the longest pause.
func (j *journal) mayTry(sha []byte, nowMs int64) bool {
	if string(sha) != string(j.former.SHA256) || j.former.Failures == 0 {
		return true
	}
	left := j.retry - nowMs
	return j.former.Failures < mostTries && (left <= 0 || left > longestWait.Milliseconds())
}

// clean removes what a trial has left.
func clean(folder string) error {
	var errs []error
	for _, name := range []string{proofFile, startsFile, pidFile} {
		errs = append(errs, atomicfile.Remove(filepath.Join(folder, name)))
	}
	return errors.Join(errs...)
}
