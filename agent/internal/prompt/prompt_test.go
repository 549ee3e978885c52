package prompt

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

func TestTextEndsWhereItShould(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"at the end", "a\nb", "a\nb"},
		{"after the last line", "a\n\ntoken = b\nc\n", "a\n\ntoken = b\n"},
		{"after the last line of Windows", "a\r\ntoken = b\r\nc\r\n", "a\r\ntoken = b\r\n"},
		{"not within the last line", "a\ntoken = b", "a\ntoken = b"},
		{"at once, when there is nothing", "", ""},
		{"at the limit", strings.Repeat("x", 2*limit), strings.Repeat("x", limit)},
	} {
		got, err := Text(t.Context(), iotest.OneByteReader(strings.NewReader(c.in)), ^uintptr(0), nil, "What?", "token")
		if got != c.want || err != nil {
			t.Errorf("%s: Text = %q, %v; want %q", c.name, got[:min(len(got), 80)], err, c.want)
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
	text, err := Text(t.Context(), f, f.Fd(), &out, "What?", "last")
	if text != "token\n" || err != nil || out.String() != "" {
		t.Errorf("Text = %q, %v, asked %q", text, err, out.String())
	}
}
