package model

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// errKind is a value of another kind than what is there.
var errKind = errors.New("a value of another kind")

// tree holds a host's values by their paths.
type tree map[string]any

// match gives the paths that a pattern means, sorted; '*' is any one word.
func (t tree) match(pattern string) []string {
	if !strings.Contains(pattern, "*") {
		if _, ok := t[pattern]; ok {
			return []string{pattern}
		}
		return nil
	}
	want := strings.Split(pattern, ".")
	var out []string
	for path := range t {
		have := strings.Split(path, ".")
		if len(have) != len(want) {
			continue
		}
		same := true
		for i, word := range want {
			same = same && (word == "*" || word == have[i])
		}
		if same {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}

// members gives the words that stand at the '*' of a pattern that ends in one,
// sorted: members("services") are the names of the services.
func (t tree) members(prefix string) []string {
	seen := map[string]bool{}
	for path := range t {
		if rest, ok := strings.CutPrefix(path, prefix+"."); ok {
			word, _, _ := strings.Cut(rest, ".")
			seen[word] = true
		}
	}
	out := make([]string, 0, len(seen))
	for word := range seen {
		out = append(out, word)
	}
	slices.Sort(out)
	return out
}

// put sets what is there to a value of its kind and tells whether it changed. A
// text becomes what is there: parameters are texts.
func (t tree) put(path string, value any) (changed bool, err error) {
	old, ok := t[path]
	if !ok {
		return false, fmt.Errorf("%s: %w: there is none", path, errKind)
	}
	value, err = as(old, value)
	if err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	t[path] = value
	return old != value, nil
}

// as makes value of the kind that old has.
func as(old, value any) (any, error) {
	if n, ok := value.(int); ok {
		value = int64(n)
	}
	// JSON has one kind of number.
	if n, ok := value.(float64); ok {
		value = int64(n)
	}
	text, isText := value.(string)
	switch old.(type) {
	case bool:
		if b, err := strconv.ParseBool(text); isText && err == nil {
			return b, nil
		}
		if b, ok := value.(bool); ok {
			return b, nil
		}
	case int64:
		if n, err := strconv.ParseInt(text, 10, 64); isText && err == nil {
			return n, nil
		}
		if n, ok := value.(int64); ok {
			return n, nil
		}
	case string:
		if isText {
			return text, nil
		}
	}
	return nil, fmt.Errorf("%w: %T for %T", errKind, value, old)
}

func (t tree) text(path string) string {
	s, _ := t[path].(string)
	return s
}

func (t tree) number(path string) int64 {
	n, _ := t[path].(int64)
	return n
}

func (t tree) yes(path string) bool {
	b, _ := t[path].(bool)
	return b
}

// has tells whether anything is below a path.
func (t tree) has(prefix string) bool { return len(t.members(prefix)) > 0 }
