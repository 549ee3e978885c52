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
	s := &show{out: out}
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
	colour := plain
	switch l.Level {
	case "DEBUG":
		return
	case "WARN":
		colour = yellow
	case "ERROR":
		colour = red
	}
	if l.Message == "" {
		s.print(time.Now(), l.Source, red, l.Raw)
		return
	}
	at, err := time.Parse(time.RFC3339Nano, l.Time)
	if err != nil {
		at = time.Now()
	}
	if c, ok := telling[l.Message]; ok && colour == plain {
		colour = c
	}
	s.print(at, l.Source, colour, sentence(l))
}

// telling colours the events of the life of a drift.
var telling = map[string]string{
	"verdict changed":    yellow,
	"drift received":     yellow,
	"incident opened":    yellow,
	"incident resolved":  green,
	"command sent":       blue,
	"command received":   blue,
	"phase done":         blue,
	"command finished":   blue,
	"command result":     blue,
	"evidence logged":    dim,
	"evidence witnessed": dim,
	"escalated":          red,
}

// sentence puts a line's facts behind its message; identifiers a person would
// not read are left to the log files.
func sentence(l stack.Line) string {
	words := []string{l.Message}
	for _, f := range l.Fields {
		if f.Value == "" || f.Key == "component" || strings.HasPrefix(f.Value, "{") {
			continue
		}
		value := f.Value
		if len(value) > 100 {
			value = value[:97] + "..."
		}
		if strings.ContainsAny(value, " \t") {
			value = fmt.Sprintf("%q", value)
		}
		words = append(words, f.Key+"="+value)
	}
	return strings.Join(words, " ")
}

func (s *show) print(at time.Time, source, colour, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text = strings.ReplaceAll(text, "\n", " ")
	// A terminal that went away is noticed by the signal it sends.
	if s.colour {
		_, _ = fmt.Fprintf(s.out, "\033[%sm%s\033[0m  %-9s  \033[%sm%s\033[0m\n", dim, at.Local().Format("15:04:05.000"), source, colour, text)
		return
	}
	_, _ = fmt.Fprintf(s.out, "%s  %-9s  %s\n", at.Local().Format("15:04:05.000"), source, text)
}
