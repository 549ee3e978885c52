package probe

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/osiriscare/osiris/agent/internal/command"
	"github.com/osiriscare/osiris/shared/check"
)

// macSystem is what the readers need of a Mac.
type macSystem interface {
	// run gives what a command of the allow list wrote.
	run(ctx context.Context, c *command.Command, user uint32) ([]byte, error)
	// file gives the content of a small file and when it was written; a missing
	// one is fs.ErrNotExist.
	file(path string) ([]byte, time.Time, error)
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
	// command it is the source, and its date that of "@".
	path    string
	command *command.Command
	// words say what the output means; parse takes them, parseWords when it is nil.
	words string
	parse func(r io.Reader, words string, now time.Time, facts *check.Facts) error
	// optional sources that fail leave no facts.
	optional bool
	// user is set when the command answers for the user at the console.
	user bool
}

// nobody is why a user's settings cannot be judged. They stay unknown: whoever
// logs on next may have any.
var errNobody = errors.New("nobody is logged on at the console")

// read gives the facts of a check.
func (m *mac) read(ctx context.Context, id check.ID) (check.Facts, error) {
	var facts check.Facts
	if id == check.SoftwareUpdate {
		facts.Add(check.FactMacVersion, m.version)
	}
	for i := range macTable {
		s := &macTable[i]
		if s.id != id {
			continue
		}
		if err := m.source(ctx, s, &facts); err != nil && !s.optional {
			return nil, err
		}
	}
	return facts, nil
}

func (m *mac) source(ctx context.Context, s *macSource, facts *check.Facts) (err error) {
	var content []byte
	now := m.now
	if s.path != "" {
		var written time.Time
		content, written, err = m.file(s.path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if s.words == wordsFileAge {
			facts.Add(check.FactXProtectAge, age(written, now))
			return nil
		}
	}
	if s.command != nil {
		var user uint32
		if s.user {
			if user, err = m.console(); err != nil {
				return err
			}
			if user == 0 {
				return errNobody
			}
		}
		if content, err = m.run(ctx, s.command, user); err != nil {
			return err
		}
	}
	parse := s.parse
	if parse == nil {
		parse = parseWords
	}
	return parse(bytes.NewReader(content), s.words, now, facts)
}
