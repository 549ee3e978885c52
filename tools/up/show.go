package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/osiriscare/osiris/e2e/stack"
)

// show prints one line an event, in colours where a person is looking.
type show struct {
	mu     sync.Mutex
	out    io.Writer
	colour bool
	told   map[string]string // the last sentence of events that come again and again
}

// Colours of the ANSI terminal.
const (
	plain  = "0"
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
)

func newShow(out io.Writer) *show {
	s := &show{out: out, told: map[string]string{}}
	if f, ok := out.(*os.File); ok && os.Getenv("NO_COLOR") == "" {
		info, err := f.Stat()
		s.colour = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return s
}

// say prints what the script itself does.
func (s *show) say(format string, args ...any) {
	s.print(time.Now(), "up", bold, fmt.Sprintf(format, args...))
}

// step prints how a step of the script ended.
func (s *show) step(st step) {
	if st.OK {
		s.print(time.Now(), "up", green, fmt.Sprintf("✓ %s (%d ms)", st.Name, st.MS))
		return
	}
	s.print(time.Now(), "up", red, "✗ "+st.Name)
}

// line prints what a program logged, if it tells a person something.
func (s *show) line(l stack.Line) {
	if l.Message == "" {
		s.print(time.Now(), l.Source, red, l.Raw)
		return
	}
	at, err := time.Parse(time.RFC3339Nano, l.Time)
	if err != nil {
		at = time.Now()
	}
	if colour, text := tell(l); text != "" && s.news(l, text) {
		s.print(at, l.Source, colour, text)
	}
}

// news is false for a sentence that was said of the same host or cycle before.
func (s *show) news(l stack.Line, text string) bool {
	key, ok := again[l.Message]
	if !ok {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	about := l.Message + " " + l.Get(key)
	if s.told[about] == text {
		return false
	}
	s.told[about] = text
	return true
}

func (s *show) print(at time.Time, source, colour, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text = strings.ReplaceAll(text, "\n", " ")
	// A terminal that went away is noticed by the signal it sends.
	if s.colour {
		_, _ = fmt.Fprintf(s.out, "\033[%sm%s\033[0m  %-10s  \033[%sm%s\033[0m\n", dim, at.Local().Format("15:04:05.000"), source, colour, text)
		return
	}
	_, _ = fmt.Fprintf(s.out, "%s  %-10s  %s\n", at.Local().Format("15:04:05.000"), source, text)
}
