package check

import (
	"slices"
	"strings"
	"testing"
)

func TestRowsReadBack(t *testing.T) {
	for _, c := range []struct {
		name string
		row  Facts
		text string
	}{
		{"an empty row", nil, ""},
		{"one value", Facts{{"Name", "Domain"}}, "Name=Domain"},
		{"an empty value is a value", Facts{{"Name", ""}, {"Enabled", "1"}}, "Name=;Enabled=1"},
		{"separators are escaped", Facts{{"Path", `C:\a;b`}, {"Q", "a=b"}}, `Path=C:\\a\;b;Q=a=b`},
		{"a backslash at the end", Facts{{"Path", `C:\`}, {"Q", "1"}}, `Path=C:\\;Q=1`},
	} {
		if got := FormatRow(c.row); got != c.text {
			t.Errorf("%s: FormatRow(%q) = %q; want %q", c.name, c.row, got, c.text)
		}
		if got := row(c.text); !slices.Equal(got, c.row) {
			t.Errorf("%s: row(%q) = %q; want %q", c.name, c.text, got, c.row)
		}
	}
	if got := FormatRow(Facts{{"Text", "a\r\nb\x00"}}); got != "Text=a  b " {
		t.Errorf("FormatRow of several lines = %q; want one line", got)
	}
}

func TestForeignRowsAreReadWithoutFailing(t *testing.T) {
	for text, want := range map[string]Facts{
		";;": nil, "Name": {{"Name", ""}}, `A=1\`: {{"A", `1\`}}, "=1": nil, `A=\`: {{"A", `\`}},
	} {
		if got := row(text); !slices.Equal(got, want) {
			t.Errorf("row(%q) = %q; want %q", text, got, want)
		}
	}
}

func FuzzRow(f *testing.F) {
	f.Add("Name=Domain;Enabled=1")
	f.Add(`Path=C:\\a\;b;Q=a=b\`)
	f.Fuzz(func(t *testing.T, text string) {
		first := row(text)
		if strings.ContainsAny(text, "\n\r\x00\\") {
			return // names of our own sources hold none of these, and values change
		}
		if again := row(FormatRow(first)); !slices.Equal(again, first) {
			t.Errorf("row(FormatRow(row(%q))) = %q; want %q", text, again, first)
		}
	})
}

func TestEndingsKeepForeignText(t *testing.T) {
	var v Verdict
	v.end("H|off: %|The product % is off.", "100 %|a")
	if v.Status != Fail || v.Severity != High || v.Actual != "off: 100 %|a" || v.Reason != "The product 100 %|a is off." {
		t.Errorf("end = %+v", v)
	}
	for letter, want := range map[string]string{
		"P": "pass ", "U": "unknown ", "N": "not_applicable ", "C": "fail critical", "H": "fail high", "M": "fail medium", "L": "fail low",
	} {
		v := Verdict{}
		v.end(letter+"||", "")
		if got := v.Status.String() + " " + v.Severity; got != want || v.Actual != "" || v.Reason != "" {
			t.Errorf("end(%s) = %q, %q, %q; want %q", letter, got, v.Actual, v.Reason, want)
		}
	}
}
