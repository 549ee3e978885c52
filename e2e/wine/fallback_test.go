//go:build wine

package wine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/e2e/wine"
)

// TestReportsPassABlockedPort gives the agent a port where nobody listens: what
// it finds goes out by HTTP/1.1 over the same certificates.
func TestReportsPassABlockedPort(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.token()
	s.run(agentExe(t), "enrol", "--config", wine.WindowsPath(s.config()))
	s.must("blocking the port", func(context.Context) error {
		f, err := os.OpenFile(s.config(), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		// Port 9 is discard, which no machine of today serves.
		if _, err := fmt.Fprintf(f, "appliance_addr = 127.0.0.1:9\nfallback_addr = 127.0.0.1:%d\n", s.Ports().Fallback); err != nil {
			return err
		}
		return f.Close()
	})
	s.must("starting the agent", s.agent.Start)
	s.flipUntilJudged()
	records := s.settled()
	s.flipUntilJudged()
	t.Logf("%d records arrived, then %d", records, s.settled())
	content, err := os.ReadFile(filepath.Join(s.dir, "logs", "agent.log"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(content), `"posts":true`) || strings.Contains(string(content), `"posts":false`) {
		t.Error("everything arrived, and not over the fallback alone")
	}
}
