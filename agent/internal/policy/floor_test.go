package policy

import "testing"

func FuzzParseFloor(f *testing.F) {
	f.Add("r/s\n1\n2\n3\n4\n")
	f.Add("r/s\n1\n2\n3\n")
	f.Add("r/s\n1\n2\n3\n18446744073709551615\n")
	f.Fuzz(func(t *testing.T, text string) {
		got := parseFloor(text)
		if again := parseFloor(got.text()); again != got || got.issuedMs < 0 {
			t.Errorf("parseFloor(%q) = %v, which reads back as %v", text, got, again)
		}
	})
}
