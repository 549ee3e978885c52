package runbook_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

var same = cmpopts.IgnoreUnexported(runbook.Document{})

func phase(t testing.TB, c *runbook.Catalogue) *runbook.Document {
	t.Helper()
	r, err := c.Get("windows.demo.fix")
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Document(r.Roads.WinRM.Rollback.Script)
	if err != nil {
		t.Fatal(err)
	}
	d.Parameters = map[string]string{"mode": "g\u00e4\U0001f9ea'\"\n"}
	d.Snapshot = json.RawMessage(`{"a":"\u00e4"}`)
	return d
}

func TestADocumentOfWindowsIsOneLineOfASCIIAndReadsBack(t *testing.T) {
	c := demo(t)
	d := phase(t, c)
	text, err := d.Windows()
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range text {
		if b >= 0x7f || b < ' ' && i != len(text)-1 {
			t.Fatalf("byte %d of %s is %#x", i, text, b)
		}
	}
	got, err := runbook.ReadDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	got.Snapshot = json.RawMessage(strings.ReplaceAll(string(got.Snapshot), "\\u00e4", "\u00e4"))
	d.Snapshot = json.RawMessage("{\"a\":\"\u00e4\"}")
	if diff := cmp.Diff(d, got, same); diff != "" {
		t.Errorf("ReadDocument differs (-want +got):\n%s", diff)
	}
	texts, err := c.Recognise(got)
	if err != nil || len(texts) != 1 || texts[0].Kind != runbook.Rollback || texts[0].Runbook != "windows.demo.fix" {
		t.Errorf("Recognise = %v, %v; want the rollback", texts, err)
	}
}

func TestAnotherTextByOneByteIsNotRecognised(t *testing.T) {
	c := demo(t)
	for name, change := range map[string]func(text string) string{
		"a part":                    func(s string) string { return strings.Replace(s, "'rollback'", "'rollback '", 1) },
		"the prelude":               func(s string) string { return strings.Replace(s, "'prelude'", "'other'", 1) },
		"a text that is not a part": func(s string) string { return strings.Replace(s, "'rollback'", "'prelude'", 1) },
		"the name of a part":        func(s string) string { return strings.Replace(s, `"name":"rollback"`, `"name":"remediate"`, 1) },
	} {
		text, err := phase(t, c).Windows()
		if err != nil {
			t.Fatal(err)
		}
		changed := change(string(text))
		if changed == string(text) {
			t.Fatalf("%s did not change", name)
		}
		d, err := runbook.ReadDocument([]byte(changed))
		if err != nil {
			t.Fatal(err)
		}
		if texts, err := c.Recognise(d); !errors.Is(err, runbook.ErrUnknown) {
			t.Errorf("%s changed: Recognise = %v, %v; want %v", name, texts, err, runbook.ErrUnknown)
		}
	}
}

func TestADocumentHoldsItsBounds(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":            "",
		"another version":    `{"v":2,"prelude":"","parts":[{"name":"a","script":""}]}`,
		"an unknown field":   `{"v":1,"shell":"x","parts":[{"name":"a","script":""}]}`,
		"more behind it":     `{"v":1,"parts":[{"name":"a","script":""}]} {}`,
		"no part":            `{"v":1,"parts":[]}`,
		"too many parts":     `{"v":1,"parts":[` + strings.Repeat(`{"name":"a","script":""},`, 200) + `{"name":"b","script":""}]}`,
		"a part twice":       `{"v":1,"parts":[{"name":"a","script":""},{"name":"a","script":""}]}`,
		"a name with a path": `{"v":1,"parts":[{"name":"../a","script":""}]}`,
		"an oversized part":  `{"v":1,"parts":[{"name":"a","script":"` + strings.Repeat("x", runbook.MaxText+1) + `"}]}`,
		"an oversized value": `{"v":1,"parts":[{"name":"a","script":""}],"parameters":{"a":"` + strings.Repeat("x", runbook.MaxValue+1) + `"}}`,
		"an oversized whole": strings.Repeat(" ", 3<<20),
	} {
		if d, err := runbook.ReadDocument([]byte(text)); !errors.Is(err, runbook.ErrDocument) {
			t.Errorf("%s: ReadDocument = %v, %v; want %v", name, d, err, runbook.ErrDocument)
		}
	}
	c := demo(t)
	if d, err := c.Scan("windows", "nothing"); !errors.Is(err, runbook.ErrUnknown) {
		t.Errorf("Scan(nothing) = %v, %v", d, err)
	}
	if d, err := c.Document(); !errors.Is(err, runbook.ErrDocument) {
		t.Errorf("Document() = %v, %v", d, err)
	}
	foreign := &runbook.Text{Path: "windows/facts/firewall.ps1", Platform: "windows", Kind: runbook.Facts, Check: "firewall", Body: "attack"}
	if d, err := c.Document(foreign); !errors.Is(err, runbook.ErrDocument) {
		t.Errorf("Document of a foreign text = %v, %v; want %v", d, err, runbook.ErrDocument)
	}
}

func TestTheCommandLineIsOneConstantThatCmdTakes(t *testing.T) {
	c, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	line, err := c.WindowsCommand()
	if err != nil || len(line) >= 8191 {
		t.Fatalf("WindowsCommand has %d characters (%v)", len(line), err)
	}
	const head = "powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand "
	wide, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(line, head))
	if err != nil || !strings.HasPrefix(line, head) {
		t.Fatalf("the line is %.90s (%v)", line, err)
	}
	var script strings.Builder
	for i := 0; i < len(wide); i += 2 {
		script.WriteByte(wide[i])
	}
	if !strings.HasPrefix(script.String(), "Set-StrictMode") || strings.Contains(script.String(), "#") || !strings.HasSuffix(script.String(), "exit 0\n") {
		t.Errorf("the command is %s", script.String())
	}
}

// shell runs a document as a Linux host does.
func shell(t *testing.T, d *runbook.Document) (*runbook.Reply, string) {
	t.Helper()
	text, err := d.Shell()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-s")
	cmd.Env = []string{}
	cmd.Dir = t.TempDir()
	cmd.Stdin = strings.NewReader(string(text))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("sh: %v\n%s", err, out)
	}
	r, err := runbook.ReadShellReply(out)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return r, string(out)
}

// linuxDocument is one with the embedded frame and a part of the test's own.
func linuxDocument(t testing.TB, script string) *runbook.Document {
	t.Helper()
	files := scripts()
	for _, name := range []string{"linux/prelude.sh", "linux/postlude.sh"} {
		content, err := os.ReadFile("scripts/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name].Data = content
	}
	files["linux/facts/sshd_root_login.sh"].Data = []byte(script)
	c, err := runbook.LoadFolders(folder(scripted), files)
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Scan("linux", check.SSHRootLogin)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAPartOfLinuxAnswersInAShell(t *testing.T) {
	for _, test := range []struct {
		name, script string
		want         runbook.Outcome
	}{
		{"facts", "set -eu\nfact permitrootlogin no\nfact other 'a\tb\\n\nc'\n", runbook.Outcome{
			OK: true, Facts: check.Facts{{Name: "permitrootlogin", Value: "no"}, {Name: "other", Value: "a\tb\\n\nc"}},
		}},
		{"all words", "changed\nreboot_needed\nnote 'read \"this\"'\nstate one\nstate two\n", runbook.Outcome{
			OK: true, Changed: true, Reboot: true, Notes: []string{`read "this"`}, State: json.RawMessage(`"one\ntwo"`),
		}},
		{"a failure with its reason", "fail 'sshd is not there'\n", runbook.Outcome{Error: "sshd is not there", Code: "1"}},
		{"a failure without one", "set -e\nfact a b\nfalse\nfact c d\n", runbook.Outcome{
			Facts: check.Facts{{Name: "a", Value: "b"}}, Error: "it gave no reason", Code: "1",
		}},
		{"a part that reads the standard input gets nothing", "cat\nfact a b\n", runbook.Outcome{OK: true, Facts: check.Facts{{Name: "a", Value: "b"}}}},
		{"output without a line feed", "printf noise\n", runbook.Outcome{OK: true}},
	} {
		r, out := shell(t, linuxDocument(t, test.script))
		test.want.Name = "sshd_root_login"
		if diff := cmp.Diff([]runbook.Outcome{test.want}, r.Parts); diff != "" {
			t.Errorf("%s: the outcome differs (-want +got):\n%s%s", test.name, diff, out)
		}
	}
}

// FuzzShellParameter runs real shells: the one place where data meets text.
func FuzzShellParameter(f *testing.F) {
	for _, value := range []string{"", "plain", "it's", "'; rm -rf /; '", "$(touch owned)", "`touch owned`", "a\nb\n\n", `\`, `'\''`, "''", "\xff", "-n", "~", "*", "!!", "\t x "} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		d := linuxDocument(t, "printf '%s' \"$OSIRIS_P_value|$OSIRIS_SNAPSHOT\" | od -An -v -tx1 | tr -d ' \\n'\nprintf '\\n'\n")
		d.Parameters = map[string]string{"value": value}
		state, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		d.Snapshot = state
		if len(value) > runbook.MaxValue || strings.Contains(value, "\x00") {
			if text, err := d.Shell(); !errors.Is(err, runbook.ErrDocument) {
				t.Fatalf("Shell = %s, %v", text, err)
			}
			return
		}
		var saved string
		if err := json.Unmarshal(state, &saved); err != nil {
			t.Fatal(err)
		}
		_, out := shell(t, d)
		want := ""
		for _, b := range []byte(value + "|" + saved) {
			const digits = "0123456789abcdef"
			want += string(digits[b>>4]) + string(digits[b&15])
		}
		before, _, ok := strings.Cut(out, "clock\t")
		if want = "OSIRIS-PART sshd_root_login\n" + want + "\n\nOSIRIS-DONE sshd_root_login 0\n"; before != want || !ok {
			t.Errorf("%q came out as\n%swant\n%s", value, out, want)
		}
	})
}

func TestAParameterNameThatIsNoVariableIsRefused(t *testing.T) {
	for _, name := range []string{"a1", "A", "a-b", "a b"} {
		d := linuxDocument(t, "true\n")
		d.Parameters = map[string]string{name: "x"}
		if text, err := d.Shell(); !errors.Is(err, runbook.ErrDocument) {
			t.Errorf("Shell with a parameter %q = %s, %v", name, text, err)
		}
	}
}

func FuzzReadDocument(f *testing.F) {
	text, err := phase(f, demo(f)).Windows()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"v":1,"prelude":"","parts":[{"name":"a","script":""}],"parameters":{},"snapshot":null}`))
	c := demo(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := runbook.ReadDocument(b)
		if err != nil {
			if !errors.Is(err, runbook.ErrDocument) {
				t.Fatalf("error %v is not %v", err, runbook.ErrDocument)
			}
			return
		}
		if _, err := c.Recognise(d); err != nil && !errors.Is(err, runbook.ErrUnknown) {
			t.Fatal(err)
		}
		again, err := d.Windows()
		if err != nil {
			return // escapes may make it longer than a document may be
		}
		if _, err := runbook.ReadDocument(again); err != nil {
			t.Fatalf("%s does not read back: %v", again, err)
		}
	})
}
