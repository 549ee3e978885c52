package order

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the want part of testdata/*.txtar")

// TestScripts runs testdata/*.txtar against the real runner, table and
// signatures; what a step led to is a line of "want".
//
//	at SECOND order NAME [WORD...]   Central makes an order; see site.order
//	at SECOND checkin [NAME...]      the appliance tells, and is given these
//	at SECOND host WHAT              what the next run does: see executor.Execute
//	at SECOND ends OUTCOME           what waited on the host ends
//	at SECOND tier N | targets ID... the policy's tier, the appliance's targets
//	at SECOND shows KEY...           keys that the SSH host has; none: it is away
//	at SECOND pin KEY | torn         a scan pins a key; the next pin is forgotten and that not kept
//	at SECOND log stuck | flows      whether evidence is logged
//	at SECOND restart [WITHOUT]      the process begins anew, or from an empty state.db
//	at SECOND wait                   nothing but time goes by
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("scripts = %v, %v; want some", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			synctest.Test(t, func(t *testing.T) { got = play(t, string(archive.Files[0].Data)) })
			if *update {
				archive.Files[1].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(archive.Files[1].Data); got != want {
				t.Errorf("script gave\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func play(t *testing.T, text string) string {
	s := newSite(t)
	defer func() { s.stop() }()
	var out strings.Builder
	n := 0
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); n++ {
		words := strings.Fields(lines.Text())
		at, err := strconv.Atoi(words[1])
		if err != nil {
			t.Fatal(err)
		}
		// Not at the moment at which something is looked at again.
		time.Sleep(time.Until(s.began.Add(time.Duration(at)*time.Second + time.Duration(n)*7*time.Millisecond)))
		said := s.do(words[2], words[3:]...)
		time.Sleep(500 * time.Millisecond) // what follows at once has happened
		synctest.Wait()
		fmt.Fprintf(&out, "%s: %s%s\n", strings.Join(words[1:], " "), said, s.now())
	}
	return out.String()
}
