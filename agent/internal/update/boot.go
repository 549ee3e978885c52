package update

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
	"github.com/osiriscare/osiris/agent/internal/lock"
)

// Boot is called by each start of the agent, before anything that a new version
// could do wrong. In the middle of an update it sees to it that a watcher runs,
// and counts the start; ErrRestart means that the program is about to be, or has
// just been, replaced. exe is the running program.
func Boot(folder, exe string, built int64) error {
	j := load(folder)
	// A process of the new program that was started just before the old one came
	// back into its place would stay (seen under load, 2026-11-22).
	stale := j.exe == exe && j.built == built && !holds(exe, j.sha)
	if j.phase == idle {
		if stale {
			j.built = 0 // once: a person may have put this program here
			if j.save(folder) == nil {
				return ErrRestart
			}
		}
		if j.exe == exe {
			// On Windows the watcher may still run from it; then the next start does it.
			_ = os.Remove(beside(exe, "old"))
		}
		return nil
	}
	if stale {
		return ErrRestart
	}
	_ = writePid(folder) // an agent that a full disk keeps from running helps nobody
	if j.built == built {
		_ = mark(folder)
	}
	reached("boot")
	if err := wake(folder, j); err != nil {
		if j.phase == ready {
			j.phase = idle // the staged program stays where it is
			return j.save(folder)
		}
		return nil // the next session tries again
	}
	// The same the other way round: it would never prove anything.
	if j.built != built && (j.phase == ready || holds(exe, j.sha)) {
		return ErrRestart
	}
	return nil
}

// mark counts a start.
func mark(folder string) error {
	f, err := os.OpenFile(filepath.Join(folder, startsFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte{'+'})
	return errors.Join(err, f.Close())
}

// writePid says whom the watcher may end.
func writePid(folder string) error {
	return os.WriteFile(filepath.Join(folder, pidFile), strconv.AppendInt(nil, int64(os.Getpid()), 10), 0o600)
}

// wake starts the watcher unless one is at work: from the copy of the old
// program, or, when that is in its place again, from there.
func wake(folder string, j *journal) error {
	l, err := lock.Take(filepath.Join(folder, watchLock))
	if errors.Is(err, lock.ErrTaken) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := l.Close(); err != nil {
		return err
	}
	program := beside(j.exe, "old")
	if _, err := atomicfile.Size(program); err != nil {
		program = j.exe
	}
	return start(program, verb("watch-update", j.args))
}
