package windows_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/e2e/lab/windows"
	"github.com/osiriscare/osiris/shared/runbook"
)

// good is one host in good order.
const good = `hosts:
  - name: ws01
    host: ws01.clinic.lan
    method: kerberos
    user: lab@CLINIC.LAN
    secret_file: ws01.secret
    kind: workstation
    domain: clinic.lan
    may_change: true
`

func TestWhatIsWrongWithAnInventoryNamesItsLine(t *testing.T) {
	more := func(s string) string { return good + s }
	for name, c := range map[string]struct{ text, want string }{
		"a key nobody knows":              {strings.Replace(good, "may_change", "may_chang", 1), "[9:"},
		"no method":                       {strings.Replace(good, "method: kerberos", "method: basic", 1), "line 2: host \"ws01\": method \"basic\""},
		"a kind nobody knows":             {strings.Replace(good, "workstation", "laptop", 1), "kind \"laptop\""},
		"no secret":                       {strings.Replace(good, "    secret_file: ws01.secret\n", "", 1), "needs user and secret_file"},
		"a secret in the file itself":     {strings.Replace(good, "secret_file: ws01.secret", "password: x", 1), "unknown field"},
		"the same name twice":             {more(strings.TrimPrefix(good, "hosts:\n")), "line 10: host \"ws01\" is there twice"},
		"a pin that is none":              {more("    pin: abc\n"), "pin is not 64"},
		"a certificate and a password":    {strings.Replace(good, "kerberos", "certificate", 1), "needs certificate_file and key_file"},
		"a pin without TLS":               {more("    http: true\n    pin: " + strings.Repeat("ab", 32) + "\n"), "http has no certificates"},
		"a port that is none":             {more("    port: 70000\n"), "port 70000"},
		"a name that leads out of folder": {strings.Replace(good, "name: ws01", "name: ../ws01", 1), "no name for a file"},
		"no hosts":                        {"hosts: []\n", "it has no hosts"},
		"nothing":                         {"", "empty"},
		"a word where a flag is":          {strings.Replace(good, "may_change: true", "may_change: perhaps", 1), "[9:"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := windows.Parse([]byte(c.text))
			if !errors.Is(err, windows.ErrInventory) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Parse = %v; want %q", err, c.want)
			}
		})
	}
	if in, err := windows.Parse([]byte(good)); err != nil || len(in.Hosts) != 1 || !in.Hosts[0].MayChange {
		t.Errorf("Parse = %+v, %v", in, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("hosts: [{name: a, method: certificate}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		in, err := windows.Parse(text)
		if err == nil && len(in.Hosts) == 0 {
			t.Error("an inventory without hosts is good")
		}
	})
}

func TestASecretThatOthersMayReadIsRefused(t *testing.T) {
	folder := t.TempDir()
	inventory, secret := filepath.Join(folder, "inventory.yaml"), filepath.Join(folder, "ws01.secret")
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	write(inventory, good, 0o644)
	for _, c := range []struct {
		name, text string
		mode       os.FileMode
		want       string
	}{
		{"others may read it", "s3cret\n", 0o644, "chmod 600"},
		{"it is empty", "\n", 0o600, "is empty"},
		{"it is good", "s3cret\r\nmore\n", 0o600, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			write(secret, c.text, c.mode)
			in, err := windows.Read(inventory)
			if err != nil {
				t.Fatal(err)
			}
			all, err := in.Subjects()
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), "s3cret") {
					t.Errorf("Subjects = %v; want %q and the line", err, c.want)
				}
				return
			}
			if err != nil || len(all) != 1 || all[0].Secret != "s3cret" {
				t.Errorf("Subjects = %+v, %v", all, err)
			}
		})
	}
}

func TestEveryRunbookOfWindowsCanBeTried(t *testing.T) {
	books, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, b := range windows.Breaks {
		seen[b.Runbook]++
		if book, err := books.Get(b.Runbook); err != nil || book.Platform != "windows" {
			t.Errorf("%s: %v", b.Runbook, err)
		}
		if len(b.Model) == 0 || (b.PowerShell == "") == (b.Not == "") {
			t.Errorf("%s has no settings, or neither or both of PowerShell and a reason", b.Runbook)
		}
	}
	for _, book := range books.All() {
		if book.Platform == "windows" && seen[book.ID] != 1 {
			t.Errorf("%s has %d breaks; want one", book.ID, seen[book.ID])
		}
	}
}

// TestTheManualsInventoryIsGood reads the example of docs/lab.md.
func TestTheManualsInventoryIsGood(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "lab.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "```yaml\n# inventory.yaml")
	example, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		t.Fatal("docs/lab.md has no inventory")
	}
	in, err := windows.Parse([]byte("#" + example))
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for _, h := range in.Hosts {
		if h.MayChange {
			changed++
		}
	}
	if len(in.Hosts) < 3 || changed == 0 || changed == len(in.Hosts) {
		t.Errorf("%d hosts, %d of them to be changed; want some of both", len(in.Hosts), changed)
	}
}
