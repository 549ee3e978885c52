package prompt

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTextEndsWhereItShould(t *testing.T) {
	never := func(string) bool { return false }
	for _, c := range []struct {
		name, in, want string
		enough         func(string) bool
	}{
		{"at the end", "a\nb", "a\nb", never},
		{"at an empty line", "a\nb\n\nc\n", "a\nb\n\n", never},
		{"not at an empty line before anything", "\n\r\na\n\nb", "\n\r\na\n\n", never},
		{"when it is enough", "a\nb\nc\n", "a\nb\n", func(s string) bool { return strings.Contains(s, "b") }},
		{"at once, when there is nothing", "", "", never},
		{"at the limit", strings.Repeat("x", 2*limit), strings.Repeat("x", limit), never},
	} {
		if got, err := read(strings.NewReader(c.in), c.enough); got != c.want || err != nil {
			t.Errorf("%s: read = %q, %v; want %q", c.name, got[:min(len(got), 80)], err, c.want)
		}
	}
}

func TestAFileIsNoTerminalAndIsNotAsked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	var out strings.Builder
	text, err := Text(f, &out, "What?", func(string) bool { return false })
	if text != "token\n" || err != nil || out.String() != "" || Terminal(f) {
		t.Errorf("Text = %q, %v, asked %q", text, err, out.String())
	}
}
