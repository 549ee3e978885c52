package probe

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/osiriscare/osiris/agent/internal/command"
	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/shared/check"
)

// macSystem is what the readers need of a Mac.
type macSystem interface {
	// run gives what a command of the allow list wrote.
	run(ctx context.Context, c *command.Command, user uint32) ([]byte, error)
	// written is when a file was; a missing one is fs.ErrNotExist.
	written(path string) (time.Time, error)
	// console is the user whose session has the screen, 0 when nobody does.
	console() (uint32, error)
}

// mac reads one Mac.
type mac struct {
	macSystem

	version string // of macOS
	now     time.Time
}

// macSource is one thing that is read for a check.
type macSource struct {
	id check.ID
	// path is a file that must exist for the source to be there. Without a
	// command the file is the source, and its date that of "@".
	path    string
	command *command.Command
	// words say what the output means; macwords.go has the form.
	words string
	// optional sources that fail leave no facts.
	optional bool
	// user is set when the command answers for the user at the console.
	user bool
}

// errNobody is why a user's settings cannot be judged. They stay unknown: whoever
// logs on next may have any.
const errNobody winapi.Sentinel = "nobody is logged on at the console"

// read gives the facts of a check.
func (m *mac) read(ctx context.Context, id check.ID) (check.Facts, error) {
	r := &reading{now: m.now}
	if id == check.SoftwareUpdate {
		r.facts.Add(check.FactMacVersion, m.version)
	}
	for i := range macTable {
		s := &macTable[i]
		if s.id != id {
			continue
		}
		r.before = len(r.facts)
		if err := m.source(ctx, s, r); err != nil && !s.optional {
			return nil, err
		}
	}
	return r.facts, nil
}

func (m *mac) source(ctx context.Context, s *macSource, r *reading) error {
	if s.path != "" {
		written, err := m.written(s.path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || s.command == nil {
			r.line(written.Format(time.DateOnly), s.words)
			return err
		}
	}
	var user uint32
	if s.user {
		var err error
		if user, err = m.console(); err != nil {
			return err
		}
		if user == 0 {
			return errNobody
		}
	}
	out, err := m.run(ctx, s.command, user)
	if err != nil {
		return err
	}
	return r.words(bytes.NewReader(out), s.words)
}
