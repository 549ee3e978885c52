package plain_test

import (
	"encoding/json"
	"testing"

	"github.com/osiriscare/osiris/shared/plain"
)

func TestForeignTextDoesNothingToATerminal(t *testing.T) {
	for in, want := range map[string]string{
		"Größe Ω 日本": "Größe Ω 日本", "\x1b[2J": " [2J", "a\u009b2Jb": "a 2Jb", "evil\u202egpj.exe": "evilgpj.exe", "a\tb\nc\rd": "a b c d",
		"\x7f": " ", "a\u2028b\u2029c": "a b c", "soft\u00adhyphen\ufeff": "softhyphen", "nbsp\u00a0": "nbsp\u00a0", "tag\U000e0041": "tag",
	} {
		if got := plain.Text(in); got != want {
			t.Errorf("Text(%q) = %q; want %q", in, got, want)
		}
	}
	if got := plain.Lines("one\ntwo\x1b"); got != "one\ntwo " {
		t.Errorf("Lines = %q", got)
	}
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{"a", "\u009b\u202e\x7f", "\U000e0041", "\x00\n", "\xff", `\"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		raw, err := json.MarshalIndent(map[string]string{s: s}, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		out := plain.JSON(raw)
		var want, got map[string]string
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &got); err != nil || len(got) != 1 {
			t.Fatalf("JSON(%q) = %q, %v", raw, out, err)
		}
		for k, v := range want {
			if got[k] != v {
				t.Errorf("JSON(%q) says %q; want %q", raw, got, want)
			}
		}
		for _, r := range string(out) {
			if r != '\n' && r != '\t' && !plain.Shown(r) {
				t.Errorf("JSON(%q) has %q", raw, r)
			}
		}
	})
}
