//go:build wine

package wine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/e2e/wine"
)

// TestTheServiceUpdatesItself takes the service from one program to the next by
// the road that customers' agents take: signed by the release tool, offered by the
// appliance, fetched, proved and put in the place of the program in use. Then it
// is offered one that crashes at once: Windows' service manager gives up on it,
// and Wine's does not even try again, so the watcher must put the old program
// back and start a service that is stopped.
func TestTheServiceUpdatesItself(t *testing.T) {
	t.Parallel()
	v := newVendor(t)
	first := v.program("./agent/cmd/osiris-agent", "1.0.0")
	s := startSiteWith(t, v.servers(), first)
	media := s.media(s.token())
	s.run(media, "install", "--config", wine.WindowsPath(s.config()))
	s.untilState("4")
	before := s.settled()

	second := v.program("./agent/cmd/osiris-agent", "1.1.0")
	v.offer(s, second, "1.1.0")
	s.until("the new version reports", func(context.Context) error {
		return errors.Join(
			s.logged("appliance", "agent update told", `"agent_version":"1.1.0"`, "UPDATE_STATE_INSTALLED"),
			s.inPlace(second))
	})
	s.untilState("4")
	updated := s.moreThan(before)

	crashing := v.program("./e2e/testdata/crashing", "1.2.0")
	v.offer(s, crashing, "1.2.0")
	s.until("the crashing version is in place", func(context.Context) error { return s.inPlace(crashing) })
	s.untilState("1")
	s.until("the crashing version was taken back", func(context.Context) error {
		return errors.Join(
			s.logged("appliance", "agent update told", `"agent_version":"1.1.0"`, "UPDATE_STATE_ROLLED_BACK", "it does not stay up"),
			s.inPlace(second))
	})
	s.untilState("4")
	t.Logf("%d records by the first program, %d by the second, %d after the one that crashed", before, updated, s.moreThan(updated))
	s.run(installed, "uninstall")
	s.untilState("0")
}

// inPlace tells whether the installed program is this one.
func (s *site) inPlace(program string) error {
	got, err := os.ReadFile(filepath.Join(s.Drive(), "Program Files", "Osiris", "osiris-agent.exe"))
	if err != nil {
		return err
	}
	want, err := os.ReadFile(program)
	if err == nil && !bytes.Equal(got, want) {
		err = errors.New("another program is in place")
	}
	return err
}

// logged tells whether a program has logged a line with these parts.
func (s *site) logged(program string, parts ...string) error {
	content, err := os.ReadFile(filepath.Join(s.dir, "logs", program+".log"))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(content)) {
		all := true
		for _, p := range parts {
			all = all && strings.Contains(line, p)
		}
		if all {
			return nil
		}
	}
	return fmt.Errorf("%s has not logged %q", program, parts)
}
