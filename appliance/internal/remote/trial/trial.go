// Package trial reads stories of runbooks on a real Linux host, which its tests,
// tagged integration, play over the real SSH road with the real executor, against
// the Debian of e2e/lab/linux: healthy, broken, rolled back, healed. Each
// runbook has a story, testdata/<runbook>.txtar, and may have more,
// testdata/<runbook>+<variant>.txtar; the comment says what was broken.
// Sections are scripts of the host's root unless said otherwise; an empty one is
// as one that is not there:
//
//	settings  lines "check.parameter = value" of the site's policy
//	healthy   makes Debian as it comes what the check asks for
//	learn     prints more settings, once it is healthy
//	break     breaks it
//	broken    lines that the failing verdict's reason holds, each of them
//	as        the user who mends it; a clerk with a password when nobody is named
//	healed    must end well after the runbook healed; what it prints is told
//	restored  the same after it was rolled back
//	may       lines, regular expressions of what may differ after the rollback
//	cannot    lines "name: reason" of what a namespace cannot do, and where that
//	          is covered
//	instead   what the check says there, where nothing can be broken: a line of
//	          verdicts that it may give, then lines that the reason holds
//
// A story with break but no healed ends at detect: only a person mends that. What
// has no way back is healed only.
package trial

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/osiriscare/osiris/shared/check"
)

// ErrStory means that a text is no story.
var ErrStory = errors.New("bad story")

// Story is what happens to a host, and what a runbook makes of it.
type Story struct {
	Healthy, Learn, Break, Healed, Restored string
	// As is the user who mends.
	As     string
	Broken []string
	// Instead are the verdicts where nothing is broken, and InsteadSays the words
	// of the reason.
	Instead, InsteadSays []string
	May                  []*regexp.Regexp
	// Cannot are what is not tried, by name, with the reasons.
	Cannot   map[string]string
	settings map[string]string
}

// Read reads a story.
func Read(text []byte) (*Story, error) {
	s := &Story{Cannot: map[string]string{}, settings: map[string]string{}}
	archive := txtar.Parse(text)
	if strings.TrimSpace(string(archive.Comment)) == "" {
		return nil, fmt.Errorf("%w: it does not say what it is", ErrStory)
	}
	var seen []string
	for _, f := range archive.Files {
		if slices.Contains(seen, f.Name) {
			return nil, fmt.Errorf("%w: %q is there twice", ErrStory, f.Name)
		}
		seen = append(seen, f.Name)
		if err := s.section(f.Name, string(f.Data)); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrStory, f.Name, err)
		}
	}
	if (s.Break == "") != (len(s.Broken) == 0) {
		return nil, fmt.Errorf("%w: break goes with broken", ErrStory)
	}
	if s.Break == "" && (len(s.Cannot) == 0 || len(s.Instead) == 0) {
		return nil, fmt.Errorf("%w: nothing breaks, and cannot or instead is missing", ErrStory)
	}
	return s, nil
}

func (s *Story) section(name, text string) error {
	switch name {
	case "healthy":
		s.Healthy = text
	case "learn":
		s.Learn = text
	case "as":
		s.As = strings.TrimSpace(text)
	case "instead":
		if all := lines(text); len(all) > 0 {
			s.Instead, s.InsteadSays = strings.Fields(all[0]), all[1:]
		}
	case "break":
		s.Break = text
	case "healed":
		s.Healed = text
	case "restored":
		s.Restored = text
	case "broken":
		s.Broken = lines(text)
	case "may":
		for _, line := range lines(text) {
			pattern, err := regexp.Compile(line)
			if err != nil {
				return err
			}
			s.May = append(s.May, pattern)
		}
	case "settings":
		return s.Learned(text)
	case "cannot":
		return pairs(text, ":", s.Cannot)
	default:
		return errors.New("there is no such section")
	}
	return nil
}

// lines gives those that hold something.
func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

func pairs(text, between string, into map[string]string) error {
	for _, line := range lines(text) {
		name, value, ok := strings.Cut(line, between)
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if _, twice := into[name]; !ok || twice || name == "" || value == "" {
			return fmt.Errorf("%q is no pair with %q, or there twice", line, between)
		}
		into[name] = value
	}
	return nil
}

// Learned adds settings.
func (s *Story) Learned(text string) error { return pairs(text, "=", s.settings) }

// Settings are the site's for a check.
func (s *Story) Settings(id check.ID) check.Parameters {
	return func(name string) (string, bool) {
		value, ok := s.settings[string(id)+"."+name]
		return value, ok
	}
}

// Alike takes from two lists of lines what may differ, and gives what still does:
// "-" before what is gone, "+" before what is new.
func (s *Story) Alike(before, after []string) []string {
	var all []string
	differ := func(sign string, these, those []string) {
		known := map[string]bool{}
		for _, line := range those {
			known[line] = true
		}
		for _, line := range these {
			if !known[line] && !slices.ContainsFunc(s.May, func(p *regexp.Regexp) bool { return p.MatchString(line) }) {
				all = append(all, sign+line)
			}
		}
	}
	differ("-", before, after)
	differ("+", after, before)
	return all
}
