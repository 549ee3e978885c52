package trial_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// What hosts answered where a namespace cannot: each file says where it is from,
// the settings, and the verdict. lab_test.go writes them.
func TestWhatWasCapturedIsJudged(t *testing.T) {
	names, err := filepath.Glob("testdata/captured/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("Glob = %q, %v", names, err)
	}
	seen := map[check.ID]int{}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			head, body, ok := strings.Cut(string(text), "\n\n")
			if !ok {
				t.Fatal("it has no head")
			}
			words := map[string]string{}
			settings := map[string]string{}
			for _, line := range strings.Split(head, "\n") {
				word, rest, _ := strings.Cut(line, " ")
				if key, value, set := strings.Cut(rest, " = "); word == "setting" && set {
					settings[key] = value
				}
				words[word] = rest
			}
			reply, err := runbook.ReadShellReply([]byte(body))
			if err != nil || len(reply.Parts) != 1 || words["origin"] == "" {
				t.Fatalf("ReadShellReply = %+v, %v, of %q", reply, err, words["origin"])
			}
			id := check.ID(reply.Parts[0].Name)
			seen[id]++
			v := check.Judge(id, reply.FactsOf(id), func(name string) (string, bool) { value, ok := settings[name]; return value, ok })
			if got := v.Status.String() + " " + v.Reason; got != words["want"] {
				t.Errorf("Judge = %s; want %s", got, words["want"])
			}
		})
	}
	for _, id := range []check.ID{check.LinuxAudit, check.LinuxEncryption, check.LinuxIntegrity, check.SysctlHardening, check.TimeSync} {
		if seen[id] == 0 {
			t.Errorf("nothing was captured of %s", id)
		}
	}
}
