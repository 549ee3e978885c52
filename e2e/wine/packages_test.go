//go:build wine

package wine_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// leftOut are tests that cannot run as Windows programs, by package; each reason
// is for those named under it. All others run, and a new one that cannot must be
// named here.
var leftOut = map[string][]reason{
	"probe": {{
		why:   "macOS: its table is not in a Windows program",
		tests: []string{"TestMacFixtures", "TestTheTableOfMacsIsWellFormed"},
	}},
	"link": {{
		// Their machine is broken and mended by files of Linux (sysctl_hardening, its
		// action): a Windows program has neither. The same on a Windows machine would
		// change its registry. TestNothingIsLostOrDoubledWhenTheAgentIsKilled,
		// TestReportsPassABlockedPort and TestTheServiceUpdatesItself try sessions, queue
		// and fallback here with the whole agent instead.
		why: "the rig waits for a verdict that only Linux has, or for its healing",
		tests: []string{
			"TestABadCommandIsAnsweredAndTheSessionGoesOn",
			"TestACertificatePastHalfItsLifeIsRenewed",
			"TestAClockThatIsMonthsAheadReportsAndDoesNotHealOrRenew",
			"TestACommandRunsToItsEndWithoutALink",
			"TestADoubtfulClockReportsButDoesNotHeal",
			"TestADriftIsReportedHealedAndReportedAgain",
			"TestAGapAnswerIsFollowedByTheRecordsFromThere",
			"TestAMachineEnrolsOverTheFallback",
			"TestANewerSessionSupersedesAnOlder",
			"TestAPolicyCountsAtOnceAndAnOlderOneIsRefused",
			"TestAQueueFileFromAnOldCopyGetsANewID",
			"TestASessionStaysOnAFullDisk",
			"TestAStandingOrderNeedsAPolicyAFailureAndTimeWithoutASession",
			"TestAnApplianceRestoredFromABackupGetsAGapAndTheTruth",
			"TestAnExpiredCertificateIsRenewedFirst",
			"TestItStopsAtOnceWhileTheApplianceIsAway",
			"TestLostAcksDoNotDoubleRecords",
			"TestRecordsArriveInOrderWhateverHappensToTheLink",
			"TestRecordsGoOutOverTheFallbackWhileThePortIsBlockedAndBackAgain",
			"TestTheFallbackBringsPolicyAndAsksForTheState",
			"TestWhatCannotBeHealedIsRolledBackAndSaysWhy",
			"TestWithADoubtfulClockTheApplianceSaysThatACertificateHasExpired",
			"TestWithoutAnyPortItWaits",
		},
	}},
}

// reason says why tests are left out.
type reason struct {
	why   string
	tests []string
}

// TestTheAgentsPackagesPassTheirOwnTests runs every test of the agent as a
// Windows program.
func TestTheAgentsPackagesPassTheirOwnTests(t *testing.T) {
	t.Parallel()
	p := open(t)
	launch, err := p.Launcher()
	if err != nil {
		t.Fatal(err)
	}
	replaced := overlay(t)
	env := append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0", "WINEDEBUG=-all")
	list := exec.CommandContext(t.Context(), "go", "list", "-f",
		"{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}", "./agent/internal/...")
	list.Dir, list.Env = root(t), env
	out, err := list.Output()
	if err != nil {
		t.Fatalf("listing the agent's packages: %v", err)
	}
	packages := strings.Fields(string(out))
	if len(packages) < 10 {
		t.Fatalf("the agent has %d packages with tests: %q; want more", len(packages), packages)
	}
	for _, name := range packages {
		_, short, _ := strings.Cut(name, "/agent/internal/")
		t.Run(short, func(t *testing.T) {
			var skip []string
			// Most of what runs in parallel waits: update's programs for their trials.
			args := []string{"test", "-vet=off", "-p=1", "-parallel=6", "-count=1", "-short", "-overlay", replaced, "-exec", launch}
			for _, r := range leftOut[short] {
				t.Logf("%d tests are left out: %s", len(r.tests), r.why)
				skip = append(skip, r.tests...)
			}
			if skip != nil {
				args = append(args, "-skip", "^("+strings.Join(skip, "|")+")$")
			}
			cmd := exec.CommandContext(bounded(t), "go", append(args, name)...)
			cmd.Dir, cmd.Env = root(t), env
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
