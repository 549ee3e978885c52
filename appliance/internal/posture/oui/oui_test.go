package oui

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var from = flag.String("update-from", "", "make oui.txt.gz anew from oui.csv, mam.csv and oui36.csv in this `FOLDER`")

// TestTheTable reads the table that is compiled in. To make it anew: install
// Debian's ieee-data, then go test ./appliance/internal/posture/oui -update-from
// /usr/share/ieee-data, and change the date in the package's comment.
func TestTheTable(t *testing.T) {
	if *from != "" {
		made, err := build(*from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("oui.txt.gz", made, 0o644); err != nil {
			t.Fatal(err)
		}
		packed = made
	}
	makers, err := table()
	if err != nil {
		t.Fatal(err)
	}
	if len(makers) < 40_000 {
		t.Errorf("the table has %d prefixes; want those of all three registries", len(makers))
	}
	for prefix, name := range makers {
		if n := len(prefix); n != 6 && n != 7 && n != 9 || strings.Trim(prefix, "0123456789ABCDEF") != "" {
			t.Errorf("prefix %q of %s is none", prefix, name)
		}
	}
}

func TestMakersAreNamed(t *testing.T) {
	for mac, want := range map[string]string{
		"00:15:5d:01:02:03": "Microsoft Corporation",
		"00:50:56:01:02:03": "VMware, Inc.",
		"00:0c:29:01:02:03": "VMware, Inc.",
		"00:09:fb:01:02:03": "Philips Patient Monitoring",
		"70:b3:d5:19:c1:00": "Kubu, Inc.",
		"52:54:00:01:02:03": "", // made up by its owner
		"00:15:5d":          "",
		"":                  "",
	} {
		if got := (Table{}).Vendor(mac); got != want {
			t.Errorf("Vendor(%q) = %q; want %q", mac, got, want)
		}
	}
}

func TestATableThatIsNoneIsRefused(t *testing.T) {
	for _, text := range []string{"no tab\n", "\t001122\n", strings.Repeat("x", maxName+1) + "\t001122\n"} {
		if _, err := parse(strings.NewReader(text)); err == nil {
			t.Errorf("parse(%.20q) = nil; want an error", text)
		}
	}
}

// build packs the registries' lists.
func build(folder string) ([]byte, error) {
	by := map[string][]string{}
	for _, name := range []string{"oui.csv", "mam.csv", "oui36.csv"} {
		if err := add(by, filepath.Join(folder, name)); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	packer, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(by))
	for name := range by {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		slices.Sort(by[name])
		if _, err := fmt.Fprintf(packer, "%s\t%s\n", name, strings.Join(by[name], " ")); err != nil {
			return nil, err
		}
	}
	err = packer.Close()
	return out.Bytes(), err
}

func add(by map[string][]string, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	rows := csv.NewReader(f)
	for {
		row, err := rows.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		name := strings.Join(strings.Fields(strings.Map(plain, row[2])), " ")
		if row[0] == "Registry" || name == "" || name == "Private" || name == "IEEE Registration Authority" {
			continue
		}
		name = strings.TrimSpace(name[:min(len(name), maxName)])
		by[name] = append(by[name], row[1])
	}
}

// plain keeps what can stand in a log line.
func plain(r rune) rune {
	if r < ' ' || r > '~' {
		return ' '
	}
	return r
}

func TestAPartOfANameIsItsWords(t *testing.T) {
	for _, test := range []struct {
		name, part string
		want       bool
	}{
		{"GE Healthcare", "GE", true},
		{"ge medical systems", "Ge", true},
		{"NETGEAR", "GE", false},
		{"Germany GmbH", "GE", false},
		{"Siemens-GE", "GE", true},
		{"Philips Patient Monitoring", "philips", true},
		{"Philips Patient Monitoring", "philips pati", true},
		{"Philips Patient Monitoring", "philips pat", false},
		{"PhilipsCare", "philips", true},
		{"Not Philips", "Philips", true},
		{"Antiphilips", "Philips", false},
		{"agEge ge", "ge", true},
		{"", "GE", false},
		{"GE", "", false},
	} {
		if got := Matches(test.name, test.part); got != test.want {
			t.Errorf("Matches(%q, %q) = %v; want %v", test.name, test.part, got, test.want)
		}
	}
	for part, most := range map[string]int{"GE": 20, "Philips": 60} {
		if n, err := (Table{}).Makers(part); err != nil || n == 0 || n > most {
			t.Errorf("Makers(%q) = %d, %v; want a few", part, n, err)
		}
	}
	if n, err := (Table{}).Makers("Philps"); n != 0 || err != nil {
		t.Errorf("Makers of a misspelt name = %d, %v; want none", n, err)
	}
}
