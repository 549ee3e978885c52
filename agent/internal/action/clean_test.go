package action_test

import (
	"testing"
	"time"

	"github.com/osiriscare/osiris/agent/internal/action"
)

func TestACleanUpKeepsWhatIsYoungOrMayBeALog(t *testing.T) {
	const week = 7 * 24 * time.Hour
	for _, c := range []struct {
		name string
		age  time.Duration
		want bool
	}{
		{"TMP1.tmp", week + time.Minute, true},
		{"TMP1.tmp", week - time.Minute, false},
		{"TMP1.tmp", -week, false},
		{"MpCmdRun.LOG", 2 * week, false},
		{"chrome_installer.log.1", 2 * week, false},
		{"Security.evtx", 2 * week, false},
		{"boot.ETL", 2 * week, false},
		{"catalogue.cab", 2 * week, false}, // rather one too many
	} {
		if got := action.Dispensable(c.name, c.age); got != c.want {
			t.Errorf("%s of age %s: %v; want %v", c.name, c.age, got, c.want)
		}
	}
}
