package probe

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// What a program of macOS writes is compared with lines "FACT|VALUE|WORDS": a
// line of output that has WORDS gives FACT the VALUE; a line may give several.
// These programs write English whatever the system's language is. VALUE may be
//
//	#   the number that follows; WORDS that are empty want a line of digits
//	@   for how many days the date that follows has passed
//
// WORDS that begin with a tab are the end of the line, as launchctl lists a label.
// Without WORDS the fact holds whatever is written. An empty FACT accepts what
// follows without a fact.

// quoteLimit bounds what is repeated of output that was not understood.
const quoteLimit = 80

// parseWords turns output into facts. Output in which nothing is understood is an
// error: a newer system may say it otherwise.
func parseWords(r io.Reader, words string, now time.Time, facts *check.Facts) error {
	lines := bufio.NewScanner(r)
	understood, first := false, ""
	for lines.Scan() {
		line := lines.Text()
		if first == "" {
			first = strings.TrimSpace(line)
		}
		understood = matchLine(line, words, now, facts) || understood
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if first == "" && strings.HasSuffix(words, "|") { // an empty file that only has to exist
		understood = matchLine("", words, now, facts)
	}
	if !understood {
		return errors.New("unexpected output " + strconv.Quote(quote(first)))
	}
	return nil
}

// matchLine adds the facts of one line of output.
func matchLine(line, words string, now time.Time, facts *check.Facts) (understood bool) {
	for words != "" {
		var row string
		row, words, _ = strings.Cut(words, "\n")
		fact, row, _ := strings.Cut(row, "|")
		value, text, _ := strings.Cut(row, "|")
		at := strings.Index(line, text)
		if at < 0 || (text != "" && text[0] == '\t' && !strings.HasSuffix(line, text)) {
			continue
		}
		rest := strings.TrimSpace(line[at+len(text):])
		switch value {
		case "#":
			n := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
			if n == 0 || n > 9 || (text == "" && n != len(rest)) {
				continue
			}
			value = rest[:n]
		case "@":
			written, ok := parseDay(rest)
			if !ok {
				continue
			}
			value = age(written, now)
		}
		if understood = true; fact != "" {
			addOnce(facts, fact, value)
		}
	}
	return understood
}

// addOnce adds a fact that is not there yet; a repeated one, such as the sleep of
// the screen on each power source, counts once.
func addOnce(facts *check.Facts, name, value string) {
	for _, f := range *facts {
		if f.Name == name && f.Value == value {
			return
		}
	}
	facts.Add(name, value)
}

// parseDay reads the day of "2025-05-02 11:37:50 +0000" or "2025-05-02T11:37:50Z".
func parseDay(text string) (time.Time, bool) {
	if len(text) < len(time.DateOnly) {
		return time.Time{}, false
	}
	day, err := time.Parse(time.DateOnly, text[:len(time.DateOnly)])
	return day, err == nil
}

// age is for how many whole days something has been there, below 0 when it is of
// the future.
func age(written, now time.Time) string {
	return strconv.FormatInt(int64(now.Sub(written)/(24*time.Hour)), 10)
}

// quote bounds text for an error.
func quote(text string) string { return strings.ToValidUTF8(text[:min(len(text), quoteLimit)], "?") }
