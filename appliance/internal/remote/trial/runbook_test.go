//go:build integration

package trial_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/appliance/internal/remote/trial"
	"github.com/osiriscare/osiris/e2e/lab/linux"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
	"github.com/osiriscare/osiris/shared/runbook"
)

// manifest prints what a rollback must bring back: files and modes, units, sysctls
// of the network, the firewall. A reload gives what systemd generates a new time.
const manifest = `
export LC_ALL=C
find /etc /home /root /usr/local /var/spool/cron /var/log -xdev \
  ! -path '/var/log/*' ! -path '/root/.cache*' ! -type d -printf 'file %p %y %m %u:%g %l\n'
find /etc /home /root /usr /var/log /var/spool -xdev -type d -printf 'folder %p %m %u:%g\n'
find / -xdev -type f -perm /6022 ! -path '/proc/*' ! -path '/tmp/*' ! -path '/run/*' -printf 'open %p %m %u:%g\n'
find /etc /home /usr/local /var/spool/cron -xdev -type f -exec sha256sum {} + | sed 's/^\([^ ]*\)  \(.*\)/content \2 \1/'
systemctl list-unit-files --plain --no-legend | awk '$2 != "transient" { print "unit", $1, $2 }'
systemctl list-units --all --plain --no-legend --type=service,socket,timer | awk '$1 !~ /^(session-|user@|user-|run-|systemd-|dbus|polkit|auditd)/ { print "state", $1, $2, $3, $4 }'
sysctl -a 2>/dev/null | grep '^net\.' | grep -v -e conntrack_count -e '\.route\.' -e stable_secret | sed 's/^/sysctl /'
nft list ruleset 2>/dev/null | sed -e 's/packets [0-9]* bytes [0-9]*/packets/' -e 's/^/rule /'
`

func (s *site) manifest() []string {
	s.t.Helper()
	all := strings.Split(s.run(manifest), "\n")
	slices.Sort(all)
	return all
}

// books are the runbooks that have scripts for Linux.
func books(t *testing.T) []*runbook.Runbook {
	t.Helper()
	return slices.DeleteFunc(catalogue(t).All(), func(b *runbook.Runbook) bool { return b.Platform != "linux" || b.Roads.SSH == nil })
}

// stories are a runbook's, by name: <runbook>, which there has to be, and
// <runbook>+<variant>.
func stories(t *testing.T, id string) map[string]*trial.Story {
	t.Helper()
	names, err := filepath.Glob("testdata/" + id + "+*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*trial.Story{}
	for _, name := range append(names, filepath.Join("testdata", id+".txtar")) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		name = strings.TrimSuffix(filepath.Base(name), ".txtar")
		if all[name], err = trial.Read(text); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return all
}

func TestEachRunbookFindsMendsAndPutsBackOnARealDebian(t *testing.T) {
	for _, book := range books(t) {
		for name, story := range stories(t, book.ID) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				play(newSite(t), book, story)
			})
		}
	}
}

func play(s *site, book *runbook.Runbook, story *trial.Story) {
	t := s.t
	s.settings = story.Settings
	ended := func(what string, r *drift.Result, want drift.Outcome, status check.Status) {
		t.Helper()
		switch {
		case r.Outcome != want:
			t.Fatalf("%s: the outcome is %s, want %s: %s\n%s", what, r.Outcome, want, r.Message, phases(r))
		case r.Before == nil || r.Before.Status != status:
			t.Fatalf("%s: the verdict before is %+v; want %s", what, r.Before, status)
		}
	}
	s.run(story.Healthy)
	if story.Break == "" {
		r := s.execute(book, linux.Keeper)
		if r.Before == nil || !slices.Contains(story.Instead, r.Before.Status.String()) {
			t.Fatalf("it is %+v; want one of %s: %s", r.Before, story.Instead, r.Message)
		}
		holds(t, r.Before.Reason, story.InsteadSays)
		t.Logf("not tried: %v", story.Cannot)
		return
	}
	if story.Learn != "" {
		learn(s, book, story)
	}
	ended("healthy", s.execute(book, linux.Keeper), drift.NotNeeded, check.Pass)
	s.run(story.Break)
	broken := s.manifest()
	if book.AlertOnly {
		r := s.execute(book, linux.Clerk)
		ended("broken", r, drift.Refused, check.Fail)
		holds(t, r.Before.Reason, story.Broken)
		unchanged(s, "telling", story, broken)
		return
	}
	if book.Roads.SSH.Rollback != nil {
		s.stale.on = true
		r := s.execute(book, linux.Keeper)
		ended("rolled back", r, drift.RolledBack, check.Fail)
		s.stale.on, s.stale.changed = false, false
		unchanged(s, "the rollback", story, broken)
		s.run(story.Restored)
	}
	as := linux.Clerk
	if story.As != "" {
		as = story.As
	}
	r := s.execute(book, as)
	ended("healed", r, drift.Healed, check.Fail)
	holds(t, r.Before.Reason, story.Broken)
	t.Logf("%s\n%s", phases(r), s.run(story.Healed))
	ended("healed again", s.execute(book, linux.Keeper), drift.NotNeeded, check.Pass)
}

// learn asks the check once, and gives the script what it saw as LAB_<fact>.
func learn(s *site, book *runbook.Runbook, story *trial.Story) {
	s.t.Helper()
	r := s.execute(book, linux.Keeper)
	if r.Before == nil {
		s.t.Fatalf("learning: %s", r.Message)
	}
	var seen strings.Builder
	for _, f := range r.Before.Facts {
		fmt.Fprintf(&seen, "LAB_%s='%s'\n", f.Name, strings.ReplaceAll(f.Value, "'", ""))
	}
	if err := story.Learned(s.run(seen.String() + story.Learn)); err != nil {
		s.t.Fatal(err)
	}
}

func phases(r *drift.Result) string {
	var all []string
	for _, p := range r.Phases {
		all = append(all, p.Name+": "+p.Detail)
	}
	return strings.Join(all, "\n")
}

func holds(t *testing.T, reason string, words []string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(reason, word) {
			t.Errorf("the reason is %q; want it to say %q", reason, word)
		}
	}
}

func unchanged(s *site, what string, story *trial.Story, before []string) {
	s.t.Helper()
	if diff := story.Alike(before, s.manifest()); len(diff) > 0 {
		s.t.Errorf("after %s the host is not as it was:\n%s", what, strings.Join(diff, "\n"))
	}
}

// Every story is of a runbook, so that none is forgotten when it is renamed.
func TestNoStoryIsOfNoRunbook(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("Glob = %q, %v", names, err)
	}
	for _, name := range names {
		id, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(name), ".txtar"), "+")
		if !slices.ContainsFunc(books(t), func(b *runbook.Runbook) bool { return b.ID == id }) {
			t.Errorf("%s is of no runbook", name)
		}
	}
}

// Each is covered elsewhere, where its story says; one more needs a thought.
func TestWhatANamespaceCannotDoIsCounted(t *testing.T) {
	want := []string{
		"linux.audit.enable auditd", "linux.certificates.renew ACME", "linux.encryption.review LUKS", "linux.integrity.start AppArmor", "linux.integrity.start ClamAV",
		"linux.patches.install mirrors", "linux.sysctl.harden kernel.*", "linux.time.enable chrony",
	}
	var got []string
	for _, book := range books(t) {
		for id, story := range stories(t, book.ID) {
			for name := range story.Cannot {
				got = append(got, id+" "+name)
			}
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
