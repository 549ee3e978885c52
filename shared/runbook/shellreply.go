package runbook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ReadShellReply reads a Linux host's standard output, which is lines:
//
//	OSIRIS-PART name        a part begins
//	fact TAB name TAB value \n, \t and \\ stand for a line feed, a tab and a backslash
//	state TAB text          each one is a line of the snapshot
//	note TAB text
//	changed
//	reboot
//	error TAB reason
//	OSIRIS-DONE name code   it ended; 0 is well
//	clock TAB began TAB ended  the host's clock, Unix seconds
//	OSIRIS-END              nothing was cut off
//
// Other lines are what programs print, and skipped. A part that did not end, or
// that passes a bound, is not OK.
func ReadShellReply(stdout []byte) (*Reply, error) {
	if len(stdout) > MaxReply {
		return nil, fmt.Errorf("reading a reply: %w: %d bytes, at most %d", ErrReply, len(stdout), MaxReply)
	}
	s := shellReply{reply: &Reply{}}
	for line := range bytes.Lines(bytes.ToValidUTF8(stdout, []byte("\ufffd"))) {
		word := strings.TrimRight(string(line), "\r\n")
		if s.ended {
			break
		}
		if err := s.line(word); err != nil {
			return nil, fmt.Errorf("reading a reply: %w", err)
		}
	}
	if !s.ended {
		return nil, fmt.Errorf("reading a reply: %w: it has no end", ErrReply)
	}
	s.close("it did not end")
	s.reply.bound()
	if err := s.reply.validate(); err != nil {
		return nil, fmt.Errorf("reading a reply: %w", err)
	}
	return s.reply, nil
}

// shellReply is a reply under way.
type shellReply struct {
	reply *Reply
	part  *Outcome
	state []string
	ended bool
}

func (s *shellReply) line(line string) error {
	if name, ok := strings.CutPrefix(line, "OSIRIS-PART "); ok {
		s.close("it did not end")
		if len(s.reply.Parts) == MaxParts {
			return fmt.Errorf("%w: more than %d parts", ErrReply, MaxParts)
		}
		s.part = &Outcome{Name: name}
		return nil
	}
	if line == "OSIRIS-END" {
		s.ended = true
		return nil
	}
	if s.part == nil {
		s.clock(line)
		return nil
	}
	if rest, ok := strings.CutPrefix(line, "OSIRIS-DONE "+s.part.Name+" "); ok {
		code, err := strconv.Atoi(rest)
		if err != nil {
			return fmt.Errorf("%w: part %.64q ends with %.64q", ErrReply, s.part.Name, rest)
		}
		if code == 0 && s.part.Error == "" {
			s.part.OK = true
		} else if code != 0 {
			s.part.Code = rest
		}
		s.close("it gave no reason")
		return nil
	}
	return s.word(line)
}

// clock reads what stands after the parts. One that does not read is none.
func (s *shellReply) clock(line string) {
	rest, ok := strings.CutPrefix(line, "clock\t")
	first, last, two := strings.Cut(rest, "\t")
	if !ok || !two || len(rest) > maxWord {
		return
	}
	began, err := strconv.ParseInt(first, 10, 64)
	ended, err2 := strconv.ParseInt(last, 10, 64)
	if err == nil && err2 == nil && ended >= began && ended-began <= int64(longestRun/time.Second) {
		s.reply.Clock = &Clock{UTC: time.Unix(ended, 0), Ran: time.Duration(ended-began) * time.Second, Step: time.Second}
	}
}

func (s *shellReply) word(line string) error {
	kind, rest, _ := strings.Cut(line, "\t")
	switch kind {
	case "fact":
		name, value, ok := strings.Cut(rest, "\t")
		if !ok {
			return fmt.Errorf("%w: a fact without a value", ErrReply)
		}
		if len(s.part.Facts) <= maxFacts { // one more makes the part not OK
			s.part.Facts.Add(unescape(name), unescape(value))
		}
	case "state":
		s.state = append(s.state, unescape(rest))
	case "note":
		s.part.Notes = append(s.part.Notes, unescape(rest))
	case "changed":
		s.part.Changed = true
	case "reboot":
		s.part.Reboot = true
	case "error":
		s.part.Error = unescape(rest)
	}
	return nil
}

// close ends the part there is. reason is for one that is not OK and gave none.
func (s *shellReply) close(reason string) {
	if s.part == nil {
		return
	}
	if !s.part.OK && s.part.Error == "" {
		s.part.Error = reason
	}
	if s.state != nil {
		text, err := json.Marshal(strings.Join(s.state, "\n"))
		if err == nil {
			s.part.State = text
		}
	}
	s.reply.Parts = append(s.reply.Parts, *s.part)
	s.part, s.state = nil, nil
}

var (
	escaper   = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\t", `\t`)
	unescaper = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t")
)

func unescape(text string) string { return unescaper.Replace(text) }

// Shell is the reply as a Linux host prints it; the lab's hosts do.
func (r *Reply) Shell() ([]byte, error) {
	if err := r.validate(); err != nil {
		return nil, fmt.Errorf("encoding a reply: %w", err)
	}
	var out strings.Builder
	row := func(words ...string) {
		for i, word := range words {
			if i > 0 {
				out.WriteByte('\t')
				word = escaper.Replace(word)
			}
			out.WriteString(word)
		}
		out.WriteByte('\n')
	}
	for _, o := range r.Parts {
		row("OSIRIS-PART " + o.Name)
		for _, f := range o.Facts {
			row("fact", f.Name, f.Value)
		}
		if len(o.State) > 0 {
			var state string
			if err := json.Unmarshal(o.State, &state); err != nil {
				return nil, fmt.Errorf("encoding a reply: %w: the state of Linux is a text: %w", ErrReply, err)
			}
			row("state", state)
		}
		for _, note := range o.Notes {
			row("note", note)
		}
		if o.Changed {
			row("changed")
		}
		if o.Reboot {
			row("reboot")
		}
		code := o.Code
		if !o.OK {
			row("error", o.Error)
		}
		if code == "" {
			code = "0"
		}
		row("OSIRIS-DONE " + o.Name + " " + code)
	}
	if c := r.Clock; c != nil {
		row("clock", strconv.FormatInt(c.UTC.Add(-c.Ran).Unix(), 10), strconv.FormatInt(c.UTC.Unix(), 10))
	}
	out.WriteString("OSIRIS-END\n")
	return []byte(out.String()), nil
}
