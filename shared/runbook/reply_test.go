package runbook_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// windowsReply is what the prelude prints, as its text has it.
const windowsReply = "a driver says hello\r\nOSIRIS-BEGIN\r\n" +
	`{"v":1,"host":{"hostname":"WS01","ps":"5.1.19041.5007"},"parts":[` +
	`{"name":"firewall","ms":12,"changed":false,"reboot":false,"ok":true,"facts":[["profile","Name=Domain;Enabled=1"],["owner","local"]],"state":null,"notes":[]},` +
	`{"name":"spooler","ms":3,"changed":false,"reboot":false,"ok":false,"error":"Zugriff verweigert \u00e4","code":"0x80070005"},` +
	`{"name":"snapshot","ms":0,"changed":false,"reboot":false,"ok":true,"facts":[],"state":{"start":2},"notes":[]},` +
	`{"name":"remediate","ms":4,"changed":true,"reboot":true,"ok":true,"facts":[],"state":null,"notes":["a \u0022note\u0022"]}]}` +
	"\r\nOSIRIS-END\r\nbye"

var windowsOutcomes = &runbook.Reply{
	Hostname: "WS01", PowerShell: "5.1.19041.5007",
	Parts: []runbook.Outcome{
		{Name: "firewall", OK: true, Ms: 12, Facts: check.Facts{{Name: "profile", Value: "Name=Domain;Enabled=1"}, {Name: "owner", Value: "local"}}},
		{Name: "spooler", Ms: 3, Error: "Zugriff verweigert \u00e4", Code: "0x80070005"},
		{Name: "snapshot", OK: true, State: json.RawMessage(`{"start":2}`)},
		{Name: "remediate", OK: true, Ms: 4, Changed: true, Reboot: true, Notes: []string{`a "note"`}},
	},
}

func plain(r *runbook.Reply) *runbook.Reply {
	for i := range r.Parts {
		if len(r.Parts[i].Notes) == 0 {
			r.Parts[i].Notes = nil
		}
	}
	return r
}

func TestAReplyOfWindowsIsRead(t *testing.T) {
	r, err := runbook.ReadReply([]byte(windowsReply))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(windowsOutcomes, plain(r)); diff != "" {
		t.Errorf("ReadReply differs (-want +got):\n%s", diff)
	}
	if v := check.Judge(check.Spooler, r.FactsOf(check.Spooler), nil); v.Status != check.Unknown || v.Reason != "Zugriff verweigert \u00e4 (0x80070005)" {
		t.Errorf("a part that failed gives %v; want unknown with the reason", v)
	}
	if v := check.Judge(check.Defender, r.FactsOf(check.Defender), nil); v.Status != check.Unknown {
		t.Errorf("a part that is not there gives %v; want unknown", v)
	}
	if f := r.FactsOf(check.Firewall); len(f) != 2 {
		t.Errorf("FactsOf(firewall) = %v", f)
	}
	text, err := windowsOutcomes.Windows()
	if err != nil {
		t.Fatal(err)
	}
	again, err := runbook.ReadReply(text)
	if diff := cmp.Diff(windowsOutcomes, again); diff != "" || err != nil {
		t.Errorf("Windows does not read back (%v, -want +got):\n%s", err, diff)
	}
}

func TestAReplyHoldsItsBounds(t *testing.T) {
	begin, end := "OSIRIS-BEGIN\n", "\nOSIRIS-END\n"
	many := func(n int) string { return strings.TrimSuffix(strings.Repeat(`["a","b"],`, n), ",") }
	for name, text := range map[string]string{
		"nothing":             "",
		"no end":              begin + `{"v":1,"parts":[]}`,
		"no begin":            `{"v":1,"parts":[]}` + end,
		"two of them":         begin + `{"v":1,"parts":[]}` + end + begin + `{"v":1,"parts":[]}` + end,
		"two lines":           begin + `{"v":1,` + "\n" + `"parts":[]}` + end,
		"another version":     begin + `{"v":2,"parts":[]}` + end,
		"no JSON":             begin + "hello" + end,
		"a part that is null": begin + `{"v":1,"parts":[null]}` + end,
		"a part twice":        begin + `{"v":1,"parts":[{"name":"a"},{"name":"a"}]}` + end,
		"a part without name": begin + `{"v":1,"parts":[{}]}` + end,
		"an oversized whole":  strings.Repeat("x\n", 3<<20),
	} {
		if r, err := runbook.ReadReply([]byte(text)); !errors.Is(err, runbook.ErrReply) {
			t.Errorf("%s: ReadReply = %v, %v; want %v", name, r, err, runbook.ErrReply)
		}
	}
	if r, err := runbook.ReadReply([]byte(begin + `{"v":1,"parts":[{"name":"a","facts":[` + many(2000) + `]}]}` + end)); err != nil || len(r.Parts[0].Facts) != 2000 {
		t.Errorf("2,000 facts: %v", err)
	}
}

// What one part tells too much of, whoever wrote it, hides no other part.
func TestAPartThatPassesABoundIsUnknownAlone(t *testing.T) {
	facts := func(n int) string { return strings.TrimSuffix(strings.Repeat(`["a","b"],`, n), ",") }
	for name, part := range map[string]string{
		"too many facts":      `"facts":[` + facts(2001) + `]`,
		"a fact without name": `"facts":[["",""]]`,
		"an oversized fact":   `"facts":[["preference","ScreenSaveTimeOut=` + strings.Repeat("9", 17<<10) + `"]]`,
		"a time below zero":   `"ms":-1`,
		"an oversized state":  `"state":"` + strings.Repeat("x", 1<<20) + `"`,
	} {
		text := `OSIRIS-BEGIN` + "\n" + `{"v":1,"parts":[{"name":"firewall","ok":true,"facts":[["owner","local"]]},{"name":"screen_lock","ok":true,` + part + `}]}` + "\nOSIRIS-END\n"
		r, err := runbook.ReadReply([]byte(text))
		if err != nil || !r.Parts[0].OK || r.Parts[1].OK || r.Parts[1].Error == "" || len(r.Parts[1].Facts) > 0 {
			t.Errorf("%s: ReadReply = %.300v, %v; want the first part OK and the second not", name, r, err)
		}
	}
	shell := "OSIRIS-PART a\n" + strings.Repeat("fact\tx\ty\n", 2001) + "OSIRIS-DONE a 0\nOSIRIS-PART b\nfact\tx\ty\nOSIRIS-DONE b 0\nOSIRIS-END\n"
	if r, err := runbook.ReadShellReply([]byte(shell)); err != nil || r.Parts[0].OK || !r.Parts[1].OK {
		t.Errorf("ReadShellReply = %.300v, %v; want only the second part OK", r, err)
	}
}

func TestWhatIsOnlyLongIsCut(t *testing.T) {
	notes := strings.TrimSuffix(strings.Repeat(`"a file stays",`, 201), ",")
	text := "OSIRIS-BEGIN\n" + `{"v":1,"host":{"hostname":"A","ps":"5","utc_ms":0,"ran_ms":86400001},"parts":[{"name":"remediate","ok":true,"changed":true,"notes":[` + notes +
		`]},{"name":"b","error":"` + strings.Repeat("\u00e4", 17<<10) + `"}]}` + "\nOSIRIS-END\n"
	r, err := runbook.ReadReply([]byte(text))
	if err != nil || !r.Parts[0].OK || !r.Parts[0].Changed || len(r.Parts[0].Notes) != 200 {
		t.Fatalf("201 notes: %.300v, %v", r, err)
	}
	if reason := r.Parts[1].Reason(); len(reason) > 16<<10 || strings.Trim(reason, "\u00e4") != "" {
		t.Errorf("an error of 34 KiB: %d bytes", len(reason))
	}
	if r.Clock != nil {
		t.Errorf("a clock that ran for more than a day is %+v; want none", r.Clock)
	}
}

func TestAReplyOfLinuxThatIsCutOffIsNone(t *testing.T) {
	whole := "OSIRIS-PART a\nfact\tx\ty\nOSIRIS-DONE a 0\nOSIRIS-END\n"
	if r, err := runbook.ReadShellReply([]byte(whole)); err != nil || !r.Parts[0].OK {
		t.Fatalf("ReadShellReply = %+v, %v", r, err)
	}
	for name, text := range map[string]string{
		"no end":                  strings.TrimSuffix(whole, "OSIRIS-END\n"),
		"a code that is none":     "OSIRIS-PART a\nOSIRIS-DONE a x\nOSIRIS-END\n",
		"a part twice":            "OSIRIS-PART a\nOSIRIS-DONE a 0\nOSIRIS-PART a\nOSIRIS-DONE a 0\nOSIRIS-END\n",
		"a fact without a value":  "OSIRIS-PART a\nfact\tx\nOSIRIS-END\n",
		"too many parts":          strings.Repeat("OSIRIS-PART a\n", 202) + "OSIRIS-END\n",
		"more than a reply holds": strings.Repeat("x\n", 3<<20),
	} {
		if r, err := runbook.ReadShellReply([]byte(text)); !errors.Is(err, runbook.ErrReply) {
			t.Errorf("%s: ReadShellReply = %+v, %v; want %v", name, r, err, runbook.ErrReply)
		}
	}
	r, err := runbook.ReadShellReply([]byte("OSIRIS-PART a\nfact\tx\ty\nOSIRIS-PART b\nOSIRIS-DONE b 0\nOSIRIS-END\n"))
	if err != nil || r.Parts[0].OK || !r.Parts[1].OK {
		t.Errorf("a part that did not end is %+v (%v); want it not OK", r, err)
	}
}

func FuzzReadReply(f *testing.F) {
	f.Add([]byte(windowsReply))
	f.Add([]byte("OSIRIS-BEGIN\n{\"v\":1,\"parts\":[]}\nOSIRIS-END\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := runbook.ReadReply(b)
		if err != nil {
			if !errors.Is(err, runbook.ErrReply) {
				t.Fatalf("error %v is not %v", err, runbook.ErrReply)
			}
			return
		}
		text, err := r.Windows()
		if err != nil {
			t.Fatalf("%+v is not encoded: %v", r, err)
		}
		again, err := runbook.ReadReply(text)
		if err != nil {
			return // escapes may make it longer than a reply may be
		}
		for i := range r.Parts {
			if len(again.Parts) != len(r.Parts) || again.Parts[i].OK != r.Parts[i].OK || !cmp.Equal(again.Parts[i].Facts, r.Parts[i].Facts) {
				t.Fatalf("%+v reads back as %+v", r, again)
			}
		}
	})
}

func FuzzReadShellReply(f *testing.F) {
	f.Add([]byte("OSIRIS-PART a\nfact\tx\ty\\n\nstate\tz\nnote\tn\nchanged\nreboot\nOSIRIS-DONE a 0\nOSIRIS-END\n"))
	f.Add([]byte("OSIRIS-PART a\nerror\tdenied\nOSIRIS-DONE a 1\nOSIRIS-END\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := runbook.ReadShellReply(b)
		if err != nil {
			if !errors.Is(err, runbook.ErrReply) {
				t.Fatalf("error %v is not %v", err, runbook.ErrReply)
			}
			return
		}
		text, err := r.Shell()
		if err != nil {
			t.Fatalf("%+v is not encoded: %v", r, err)
		}
		again, err := runbook.ReadShellReply(text)
		if err != nil && len(text) <= runbook.MaxReply {
			t.Fatalf("%q does not read back: %v", text, err)
		}
		for i := range r.Parts {
			if err == nil && (again.Parts[i].OK != r.Parts[i].OK || !cmp.Equal(again.Parts[i].Facts, r.Parts[i].Facts)) {
				t.Fatalf("%+v reads back as %+v", r, again)
			}
		}
	})
}
