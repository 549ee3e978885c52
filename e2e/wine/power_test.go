//go:build wine

package wine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/e2e/wine"
)

const watchKey = `HKLM\SYSTEM\CurrentControlSet\Services\OsirisAgentUpdate`

// startType is how Windows starts the watcher: 2 at boot, 3 when asked.
func (s *site) startType(ctx context.Context, want string) error {
	out, err := s.Run(ctx, "reg.exe", "query", watchKey, "/v", "Start")
	if err == nil && !strings.Contains(out, "0x"+want) {
		err = fmt.Errorf("the watcher's service starts otherwise than by %s: %s", want, out)
	}
	return err
}

// TestAPowerCutInTheTrialOfABadProgramIsSurvived offers a program that does not
// reach its first lines and cuts the power while it is on trial: watcher and
// service end. At the next boot the new program still does nothing, so Windows
// itself must start the old one's watcher.
func TestAPowerCutInTheTrialOfABadProgramIsSurvived(t *testing.T) {
	t.Parallel()
	v := newVendor(t)
	first := v.program("./agent/cmd/osiris-agent", "1.0.0")
	s := startSiteWith(t, v.servers(), first)
	s.run(s.media(s.token()), "install", "--config", wine.WindowsPath(s.config()))
	s.untilState("4")
	before := s.settled()
	s.must("asking how the watcher starts", func(ctx context.Context) error { return s.startType(ctx, "3") })

	crashing := v.program("./e2e/testdata/crashing", "1.1.0")
	v.offer(s, crashing, "1.1.0")
	s.until("the crashing version is in place", func(ctx context.Context) error {
		return errors.Join(s.inPlace(crashing), s.startType(ctx, "2"))
	})
	s.must("cutting the power", s.PowerCut)
	s.until("the old version is back and reports", func(context.Context) error {
		return errors.Join(s.inPlace(first), s.logged("appliance", "agent update told", `"agent_version":"1.0.0"`, "UPDATE_STATE_ROLLED_BACK"))
	})
	s.untilState("4")
	s.until("the watcher is not started at boot any more", func(ctx context.Context) error { return s.startType(ctx, "3") })
	s.moreThan(before)
	s.run(installed, "uninstall")
	s.untilState("0")
	if out, err := s.Run(bounded(t), "reg.exe", "query", watchKey); err == nil {
		t.Errorf("the watcher's service stays after uninstall: %s", out)
	}
}
