package main

import (
	"io"
	"os"
	"strconv"

	"github.com/osiriscare/osiris/agent/internal/say"
	"github.com/osiriscare/osiris/shared/check"
)

// group is one part of what check prints for people.
type group struct {
	status  check.Status
	heading string
	colour  string // of ANSI terminals
}

// groups come in the order in which a technician needs them.
var groups = [...]group{
	{check.Fail, "To be put right", "31"},
	{check.Unknown, "Could not be checked", "33"},
	{check.Pass, "In order", "32"},
	{check.NotApplicable, "Does not apply here", "2"},
}

// severities come from the worst.
var severities = [...]string{"critical", "high", "medium", "low", ""}

// nameWidth is that of the longest check id.
const nameWidth = 20

// verdictText is for people: by group and severity, a line a verdict.
func verdictText(all []check.Verdict, coloured bool) []byte {
	text := ""
	for i := range groups {
		g := &groups[i]
		lines, n := "", 0
		for _, severity := range severities {
			for j := range all {
				if v := &all[j]; v.Status == g.status && v.Severity == severity {
					lines += verdictLine(v)
					n++
				}
			}
		}
		if n == 0 {
			continue
		}
		if text != "" {
			text += "\n"
		}
		heading := g.heading + " (" + strconv.Itoa(n) + ")"
		if coloured {
			heading = "\x1b[1;" + g.colour + "m" + heading + "\x1b[0m"
		}
		text += heading + "\n" + lines
	}
	return []byte(text)
}

// verdictLine says why, and for a failure what is and what should be.
func verdictLine(v *check.Verdict) string {
	reason := v.Reason
	if v.Status == check.Fail {
		reason = v.Severity + ": " + reason
	}
	name := string(v.Check)
	line := "  " + name + indent[:max(nameWidth-len(name), 1)] + column(reason)
	if v.Status == check.Fail {
		line += indent + column("Is: "+v.Actual) + indent + column("Should be: "+v.Expected)
	}
	return line
}

// indent is where a verdict's words begin, and lineWidth where they end: the
// least terminal there is.
const (
	indent    = "                      " // two and nameWidth
	lineWidth = 80 - len(indent) - 1
)

// column breaks text into lines that begin under its first. A word that is
// longer than a line stays whole.
func column(text string) string {
	out, room := "", lineWidth
	for text != "" {
		word := ""
		word, text = cutWord(text)
		switch {
		case word == "" || out == "":
		case len(word) < room:
			out += " "
			room--
		default:
			out += "\n" + indent
			room = lineWidth
		}
		out += word
		room -= len(word)
	}
	return out + "\n"
}

// cutWord gives what comes before the first white space, and what after it:
// strings.Fields links 3 KB.
func cutWord(text string) (word, rest string) {
	i := 0
	for i < len(text) && text[i] > ' ' {
		i++
	}
	word = text[:i]
	for i < len(text) && text[i] <= ' ' {
		i++
	}
	return word, text[i:]
}

// isColoured tells whether colours reach a person: a terminal, and NO_COLOR not
// set (no-color.org, read 2026-11-22).
func isColoured(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok || f != os.Stdout || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && understandsANSI()
}

// verdictJSON is for programs.
func verdictJSON(all []check.Verdict) []byte {
	var out say.JSON
	out.Array()
	for i := range all {
		v := &all[i]
		out.Object().Key("check").Str(string(v.Check)).Key("status").Str(v.Status.String()).
			Key("severity").Str(v.Severity).Key("actual").Str(v.Actual).Key("expected").Str(v.Expected).
			Key("reason").Str(v.Reason).Key("facts").Array()
		for _, f := range v.Facts {
			out.Object().Key("name").Str(f.Name).Key("value").Str(f.Value).EndObject()
		}
		out.EndArray().EndObject()
	}
	return append(out.EndArray().Bytes(), '\n')
}
