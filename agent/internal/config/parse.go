package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxFile bounds a file; the longest sensible one has a tenth of it.
const maxFile = 64 << 10

// Pair is one line of a file.
type Pair struct {
	Key, Value string
	Line       int // from 1
}

func parseFile(path string) ([]Pair, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	pairs, err := Parse(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return pairs, nil
}

// Parse reads `key = value` lines. It refuses a key that comes twice, but knows
// no key names.
func Parse(r io.Reader) ([]Pair, error) {
	raw := make([]byte, maxFile+1)
	n, err := io.ReadFull(r, raw)
	if err == nil {
		return nil, errors.New("the file is over 64 KB")
	}
	if err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	text := strings.TrimPrefix(string(raw[:n]), "\ufeff")
	if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return nil, errors.New("the file is not UTF-8 text; save it as UTF-8")
	}
	var pairs []Pair
	number := 0
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		number++
		line = trim(line)
		if line == "" || line[0] == '#' {
			continue
		}
		p, problem := parseLine(line)
		if problem == "" {
			problem = seen(pairs, p.Key)
		}
		if problem != "" {
			return nil, lineError(number, problem)
		}
		p.Line = number
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// trim removes Unicode's white space from both ends, as strings.TrimSpace, which
// links 2 KB.
func trim(s string) string {
	return strings.Trim(s, "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000")
}

func parseLine(line string) (p Pair, problem string) {
	name, value, ok := strings.Cut(line, "=")
	if !ok {
		return p, "no = in the line; write key = value"
	}
	p.Key, p.Value = trim(name), trim(value)
	switch {
	case p.Key == "" || strings.ContainsFunc(p.Key, notInKey):
		return p, "a key has lower-case letters, digits and _ only"
	case strings.ContainsFunc(p.Value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return p, p.Key + ": the value has a control character"
	case strings.Contains(p.Value, " #") || strings.Contains(p.Value, "\t#") || strings.HasPrefix(p.Value, "#"):
		return p, p.Key + ": put the comment on a line of its own"
	case len(p.Value) > 1 && (p.Value[0] == '"' || p.Value[0] == '\''):
		return p, p.Key + ": write the value without quotes"
	}
	return p, ""
}

func notInKey(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' }

func seen(pairs []Pair, name string) string {
	for _, p := range pairs {
		if p.Key == name {
			return name + " was given in line " + strconv.Itoa(p.Line) + " already"
		}
	}
	return ""
}

func lineError(line int, problem string) error {
	return errors.New("line " + strconv.Itoa(line) + ": " + problem)
}

// unknownKey names the nearest key, if one is near enough to be meant.
func unknownKey(name string, known []string) string {
	best, bestDistance := "", min(len(name)/2, 4)+1
	for _, k := range known {
		if d := distance(name, k); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	text := "unknown key " + strconv.Quote(name[:min(len(name), 64)])
	if best != "" {
		text += "; did you mean " + best + "?"
	}
	return text
}

// distance counts the single-byte edits between two names (Levenshtein).
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
