package probe

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// What a program of macOS writes is compared with lines "FACT|VALUE|WORDS": a
// line of output that has WORDS gives FACT the VALUE; a line may give several.
// These programs write English whatever the system's language is. WORDS that
// begin with a tab are the end of the line, as launchctl lists a label. VALUE may
// be
//
//	#   the number that follows; WORDS that are empty want a line of digits
//	<   the text that follows, or the value of the XML element that does
//	@   for how many days the date that follows so has passed
//	%   the rest of an XML key, and that of the date that follows it
//
// Preferences come from plutil in XML, one element a line, a key and its value
// taken together. A reader of the binary form in the agent would cost more bytes
// than the command's line, and miss what cfprefsd knows (2026-11-22). "||" at the
// end means that any output will do.

// Bounds of what is repeated of output, and of how much of it becomes facts.
const (
	quoteLimit    = 80
	macTextLimit  = 128
	macFactsLimit = 100
)

// reading is what is known of a check so far.
type reading struct {
	facts  check.Facts
	before int // facts of the sources before, whose values hold against later ones
	now    time.Time
}

// words turns output into facts. Output in which nothing is understood is an
// error: a newer system may say it otherwise.
func (r *reading) words(output io.Reader, words string) error {
	content, err := io.ReadAll(output)
	if err != nil {
		return err
	}
	text := strings.ReplaceAll(string(content), "</key>\n", "</key>")
	understood, first := strings.HasSuffix(words, "||"), ""
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if first == "" {
			first = short(strings.TrimSpace(line), quoteLimit)
		}
		understood = r.line(line, words) || understood
	}
	if !understood {
		return errors.New("unexpected output " + strconv.Quote(first))
	}
	return nil
}

// line adds the facts of one line of output.
func (r *reading) line(line, words string) (understood bool) {
	for words != "" {
		var row string
		row, words, _ = strings.Cut(words, "\n")
		fact, row, _ := strings.Cut(row, "|")
		value, text, _ := strings.Cut(row, "|")
		at := strings.Index(line, text)
		if fact == "" || at < 0 || (text != "" && text[0] == '\t' && !strings.HasSuffix(line, text)) {
			continue
		}
		if r.add(fact, value, strings.TrimSpace(line[at+len(text):]), text == "") {
			understood = true
		}
	}
	return understood
}

// add adds a fact whose value may be in the rest of the line.
func (r *reading) add(fact, value, rest string, whole bool) bool {
	constant, ok := false, true
	switch value {
	case "#":
		n := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		value, ok = rest[:n], n > 0 && n < 10 && (!whole || n == len(rest))
	case "<":
		value = element(rest)
		ok = value != "" && value != "root" && value[0] != '_' // accounts of the system
	case "@":
		value, ok = r.age(element(rest))
	case "%":
		key, date, _ := strings.Cut(rest, "</key>")
		value, ok = r.age(element(strings.TrimSpace(date)))
		value = short(key, macTextLimit) + " " + value
	default:
		constant = true
	}
	if !ok {
		return false
	}
	for i := range r.facts {
		if r.facts[i].Name == fact && (constant && r.facts[i].Value == value || !constant && i < r.before) {
			return true
		}
	}
	if len(r.facts) < macFactsLimit {
		r.facts.Add(fact, value)
	}
	return true
}

// element is the value of the XML element at the start of text, or the text up to
// the next one.
func element(text string) string {
	if rest, is := strings.CutPrefix(text, "<"); is {
		tag, rest, _ := strings.Cut(rest, ">")
		if text = rest; tag == "true/" {
			return "1"
		} else if tag == "false/" {
			return "0"
		}
	}
	text, _, _ = strings.Cut(text, "<")
	return short(strings.ReplaceAll(text, "&amp;", "&"), macTextLimit)
}

// age is for how many whole days something has been there, below 0 when it is of
// the future: "2025-05-02 11:37:50 +0000" or "2025-05-02T11:37:50Z".
func (r *reading) age(text string) (string, bool) {
	if len(text) < len(time.DateOnly) {
		return "", false
	}
	day, err := time.Parse(time.DateOnly, text[:len(time.DateOnly)])
	return strconv.FormatInt(int64(r.now.Sub(day)/(24*time.Hour)), 10), err == nil
}

// short bounds text.
func short(s string, limit int) string { return strings.ToValidUTF8(s[:min(len(s), limit)], "?") }
