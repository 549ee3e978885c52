package probe

import (
	"regexp"
	"testing"
)

func TestAUUIDIsCheckedForFormAndForWhatManyMachinesHave(t *testing.T) {
	const want = "4fa050f0-f561-11cf-bdd9-00aa003a77b6"
	for name, c := range map[string]struct{ text, want string }{
		"as Active Directory gives it":  {"{4fa050f0-f561-11cf-bdd9-00aa003a77b6}", want},
		"in capitals":                   {"4FA050F0-F561-11CF-BDD9-00AA003A77B6", want},
		"a line of a file":              {want + "\n", want},
		"nothing":                       {"", ""},
		"all zero":                      {"00000000-0000-0000-0000-000000000000", ""},
		"all F":                         {"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", ""},
		"one digit but for the last":    {"00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001"},
		"the maker's own":               {"03000200-0400-0500-0006-000700080009", ""},
		"a letter that is no digit":     {"4fa050f0-f561-11cf-bdd9-00aa003a77bg", ""},
		"too short":                     {want[1:], ""},
		"too long":                      {want + "0", ""},
		"dashes elsewhere":              {"4fa050f-0f561-11cf-bdd9-00aa003a77b6", ""},
		"without dashes":                {"4fa050f0f56111cfbdd900aa003a77b60000", ""},
		"words":                         {"To be filled by O.E.M. in its factory", ""},
		"letters that grow when folded": {"\u0130fa050f0-f561-11cf-bdd9-00aa003a77b6", ""},
	} {
		if got := uuid(c.text); got != c.want {
			t.Errorf("%s: uuid(%q) = %q; want %q", name, c.text, got, c.want)
		}
	}
	if got := uuidText(&[16]byte{0x4f, 0xa0, 0x50, 0xf0, 0xf5, 0x61, 0x11, 0xcf, 0xbd, 0xd9, 0, 0xaa, 0, 0x3a, 0x77, 0xb6}); got != want {
		t.Errorf("uuidText = %q; want %q", got, want)
	}
}

func FuzzUUID(f *testing.F) {
	f.Add("{4fa050f0-f561-11cf-bdd9-00aa003a77b6}")
	f.Add(placeholder)
	form := regexp.MustCompile(`\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\z`)
	f.Fuzz(func(t *testing.T, text string) {
		got := uuid(text)
		if got != "" && (!form.MatchString(got) || uuid(got) != got) {
			t.Errorf("uuid(%q) = %q", text, got)
		}
	})
}
