package main

import (
	"strings"
	"testing"
)

func TestRedactorReplacesWhatIdentifiesAndKeepsWhatIsEqual(t *testing.T) {
	r := newRedactor([]name{{"HOST", "FRONTDESK-7"}, {"USER", "mueller"}, {"DOMAIN", "praxis.local"}, {"USER", "on"}, {"USER", ""}})
	for _, c := range []struct{ name, in, want string }{
		{"a host in any case", `\\frontdesk-7\C$`, `\\HOST1\C$`},
		{"a user in a path", `C:\Users\Mueller\x`, `C:\Users\USER1\x`},
		{"a domain behind a host", "dc1.praxis.local", "dc1.domain1.example"},
		{"whole words only", "Version on", "Version USER2"},
		{"a SID keeps its last part", "S-1-5-21-111-222-333-1001", "S-1-5-21-1-1-1-1001"},
		{"the same machine's SID gets the same numbers", "S-1-5-21-111-222-333-501_Classes", "S-1-5-21-1-1-1-501_Classes"},
		{"another machine's SID gets others", "S-1-5-21-9-9-9-501", "S-1-5-21-2-2-2-501"},
		{"a SID of Entra ID", "S-1-12-1-4-5-6-7", "S-1-12-1-3-3-3-7"},
		{"a SID of a service stays", "S-1-5-18", "S-1-5-18"},
		{"a volume", `\\?\Volume{4c1b02c1-0000-0000-0000-100000000000}\`, `\\?\Volume{00000000-0000-0000-0000-000000000001}\`},
		{"a product's identity stays", "{D68DDC3A-831F-4fae-9E44-DA132C1ACF46}", "{D68DDC3A-831F-4fae-9E44-DA132C1ACF46}"},
		{"an address", "10.20.30.40 ::1 127.0.0.1", "192.0.2.1 ::1 127.0.0.1"},
		{"mail", "a.b@praxis.de", "user@domain.example"},
		{"dates and hex stay", "01dc9a0f4c2d8000 2026-10-13T17:00:00Z", "01dc9a0f4c2d8000 2026-10-13T17:00:00Z"},
	} {
		if got := r.text(c.in); got != c.want {
			t.Errorf("%s: %q becomes %q; want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestRedactorKnowsValuesByTheirName(t *testing.T) {
	r := newRedactor(nil)
	for _, c := range []struct{ name, in, want string }{
		{"ComputerName", "FRONTDESK-7", "HOST1"},
		{"ComputerName", "frontdesk-7", "HOST1"},
		{"ComputerName", "FRONTDESK-8", "HOST2"},
		{"GPOName", "Praxis Baseline", "GPO1"},
		{"Domain", "praxis.local", "domain1.example"},
		{"NtpServer", "time.windows.com,0x9 dc1.praxis.local,0x8 10.0.0.1", "time.windows.com,0x9 dc1.domain1.example,0x8 192.0.2.1"},
		{"NtpServer", "clock7", "DOMAIN2"},
		{"PendingFileRenameOperations", "\\??\\C:\\Users\\anna\\a\n\n", "path\n\n"},
		{"MaxSize", "20971520", "20971520"},
	} {
		if got := r.named(c.name, c.in); got != c.want {
			t.Errorf("%s: %q becomes %q; want %q", c.name, c.in, got, c.want)
		}
	}
	if got := r.property("Win32_BIOS", "SerialNumber", "5CG1234XYZ"); got != "SERIAL" {
		t.Errorf("a serial becomes %q", got)
	}
	if got := r.property("Win32_Printer", "Name", `\\srv\Dr. Anna`); got != "PRINTER1" {
		t.Errorf("a printer becomes %q", got)
	}
	if got := r.row("Account501", "Name=anna;Disabled=1"); got != "Name=USER1;Disabled=1" {
		t.Errorf("a renamed guest becomes %q", got)
	}
	if got := r.text("anna was here"); got != "USER1 was here" {
		t.Errorf("the renamed guest is %q elsewhere", got)
	}
}

func FuzzRedactorLeavesNoSID(f *testing.F) {
	for _, seed := range []string{"S-1-5-21-1-2-3-500", `HKU\S-1-5-21-4-5-6-7_Classes\x`, "Volume{}", "\xff@a.b", "1.2.3.4;\\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const secret = "S-1-5-21-987654321-987654322-987654323"
		r := newRedactor([]name{{"HOST", "verysecrethost"}})
		if got := r.text(text + " " + secret + "-1000 verysecrethost"); strings.Contains(got, "987654322") || strings.HasSuffix(got, "verysecrethost") {
			t.Errorf("%q keeps what it must not", got)
		}
		r.row("SNTP", text)
		r.servers(text)
	})
}
