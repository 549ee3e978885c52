//go:build !osiris_agent

// The agent of another system links the judges of its own only.

package check_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/osiriscare/osiris/shared/check"
)

// facts reads "name value" lines; parameters have the same form.
func facts(text string) check.Facts {
	var f check.Facts
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		f.Add(name, value)
	}
	return f
}

// TestJudges runs testdata/<check>.txtar. Each case has a file "facts <sentence>",
// perhaps a file "parameters <sentence>" before it, and a file "want": status and
// severity, actual, reason, a line each.
func TestJudges(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) != len(check.All()) {
		t.Fatalf("there are %d files of cases for %d checks (%v)", len(files), len(check.All()), err)
	}
	for _, file := range files {
		id := check.ID(strings.TrimSuffix(filepath.Base(file), ".txtar"))
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var given check.Facts
		var params check.Parameters
		name := ""
		for _, section := range txtar.Parse(content).Files {
			kind, sentence, _ := strings.Cut(section.Name, " ")
			switch kind {
			case "parameters":
				params = facts(string(section.Data)).Get
			case "facts":
				given, name = facts(string(section.Data)), sentence
			case "want":
				t.Run(string(id)+"/"+name, func(t *testing.T) {
					v := check.Judge(id, given, params)
					got := strings.TrimSpace(v.Status.String()+" "+v.Severity) + "\n" + v.Actual + "\n" + v.Reason + "\n"
					if got != string(section.Data) {
						t.Errorf("Judge(%s, %v) =\n%swant\n%s", id, given, got, section.Data)
					}
					if v.Check != id || !slices.Equal(v.Facts, given) {
						t.Errorf("Judge(%s) names %s and keeps facts %v", id, v.Check, v.Facts)
					}
				})
				params = nil
			default:
				t.Fatalf("%s: what is %q?", file, section.Name)
			}
		}
	}
}

func TestEveryCheckKeepsTheFourOutcomes(t *testing.T) {
	for _, id := range check.All() {
		if v := check.Judge(id, check.Facts{{Name: check.FactError, Value: "denied"}}, nil); v.Status != check.Unknown || v.Reason != "denied" {
			t.Errorf("Judge(%s, error) = %v; want unknown, denied", id, v)
		}
		if v := check.Judge(id, check.Facts{{Name: check.FactNotApplicable, Value: "no such part"}}, nil); v.Status != check.NotApplicable {
			t.Errorf("Judge(%s, not applicable) = %v", id, v)
		}
		if id == check.SysctlHardening {
			continue // no facts mean that no file sets anything, which is a failure
		}
		if v := check.Judge(id, nil, nil); v.Status != check.Unknown {
			t.Errorf("Judge(%s, no facts) = %v; want unknown", id, v)
		}
	}
	if v := check.Judge("nonsense", nil, nil); v.Status != check.Unknown || v.Check != "nonsense" {
		t.Errorf("Judge(nonsense) = %v; want unknown", v)
	}
}

func TestFactNamesAreSafe(t *testing.T) {
	for _, id := range check.All() {
		names := check.FactNames(id)
		if len(names) == 0 {
			t.Errorf("%s names no facts", id)
		}
		names[0] = "changed"
		if check.FactNames(id)[0] == "changed" {
			t.Errorf("FactNames(%s) gives away the table", id)
		}
	}
	if !slices.IsSorted(check.All()) {
		t.Errorf("All() = %v; want it sorted", check.All())
	}
}

func TestStatusNamesReadBack(t *testing.T) {
	for s := check.Pass; s <= check.NotApplicable; s++ {
		if got, ok := check.ParseStatus(s.String()); !ok || got != s {
			t.Errorf("ParseStatus(%q) = %v, %v; want %v", s.String(), got, ok, s)
		}
	}
	for _, bad := range []string{"", "PASS", "ok"} {
		if _, ok := check.ParseStatus(bad); ok {
			t.Errorf("ParseStatus(%q) is ok", bad)
		}
	}
	if s := check.Status(9); s.String() != "" || s.Valid() {
		t.Errorf("Status(9) = %q, valid %v", s.String(), s.Valid())
	}
}

func TestDigestIgnoresOrderAndNoticesEveryField(t *testing.T) {
	a := check.Verdict{Check: "a", Status: check.Pass, Actual: "1"}
	b := check.Verdict{Check: "b", Status: check.Fail, Actual: "2"}
	d := check.Digest([]check.Verdict{a, b})
	if check.Digest([]check.Verdict{b, a}) != d {
		t.Error("the order changes the digest")
	}
	for name, changed := range map[string]check.Verdict{
		"id": {Check: "c", Status: b.Status, Actual: b.Actual}, "status": {Check: "b", Status: check.Unknown, Actual: b.Actual},
		"actual": {Check: "b", Status: b.Status, Actual: "3"},
	} {
		if check.Digest([]check.Verdict{a, changed}) == d {
			t.Errorf("another %s does not change the digest", name)
		}
	}
	if check.Digest([]check.Verdict{a}) == d {
		t.Error("a missing verdict does not change the digest")
	}
	// The appliance computes the same; this vector holds both to it.
	const want = "dcd4f188"
	if got := hex(d[:4]); got != want {
		t.Errorf("Digest = %s...; want %s...", got, want)
	}
}

func hex(b []byte) string {
	const digits = "0123456789abcdef"
	var out []byte
	for _, c := range b {
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}

func TestWrittenSettingsSatisfyTheJudge(t *testing.T) {
	for name, params := range map[string]check.Parameters{
		"defaults":    nil,
		"other value": facts("kernel.kptr_restrict >=2\nnet.ipv4.tcp_syncookies any\n").Get,
		"mistyped":    facts("kernel.kptr_restrict two\n").Get,
	} {
		var f check.Facts
		for _, s := range check.SysctlSettings(params) {
			f.Add(s.Key, s.Value)
		}
		if v := check.Judge(check.SysctlHardening, f, params); v.Status != check.Pass {
			t.Errorf("%s: the judge says %v of %v", name, v.Reason, f)
		}
	}
}

func FuzzJudge(f *testing.F) {
	for _, id := range check.All() {
		f.Add(string(id), "volume 100 5 /\nrunning_kernel 6.1.0-9-amd64\ninstalled_kernel 6.1.0-10-amd64\n", "high_percent", "10")
	}
	// The facts of every case, so that rows, dates and numbers start from real ones.
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, section := range txtar.Parse(content).Files {
			if strings.HasPrefix(section.Name, "facts") {
				f.Add(strings.TrimSuffix(filepath.Base(file), ".txtar"), string(section.Data), "max_age_days", "7")
			}
		}
	}
	f.Fuzz(func(t *testing.T, id, given, param, value string) {
		v := check.Judge(check.ID(id), facts(given), check.Facts{{Name: param, Value: value}}.Get)
		if !v.Status.Valid() {
			t.Errorf("status %d is none", v.Status)
		}
		if (v.Severity != "") != (v.Status == check.Fail) {
			t.Errorf("severity %q with status %s", v.Severity, v.Status)
		}
	})
}
