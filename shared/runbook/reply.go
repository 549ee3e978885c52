package runbook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/osiriscare/osiris/shared/check"
)

// Bounds of what comes from a host; of facts and notes, those of each part.
const (
	MaxReply = 4 << 20
	maxFacts = 2000
	maxNotes = 200
	maxWord  = 256
	maxFact  = 16 << 10
)

// What a clock can show: FILETIME and Unix time begin and end elsewhere, and a
// wrong clock is to be told and not refused.
var (
	firstTime = time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)
	lastTime  = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
)

const longestRun = 24 * time.Hour

// ErrReply means that what a host answered is no reply.
var ErrReply = errors.New("bad reply")

// Reply is what a host answers to a document.
type Reply struct {
	Hostname string
	// PowerShell is the version that ran the parts, "5.1.17763.1"; empty on Linux.
	PowerShell string
	// Clock is nil when the host did not tell.
	Clock *Clock
	// Exchange is the asker's; no host tells it.
	Exchange Exchange
	Parts    []Outcome
}

// Outcome is how one part ended. What is not OK is unknown, never a pass.
type Outcome struct {
	Name string
	OK   bool
	Ms   int64
	// Facts of a facts script.
	Facts check.Facts
	// State of a snapshot, for the rollback; JSON.
	State json.RawMessage
	// Changed, Reboot and Notes of remediate and rollback.
	Changed bool
	Reboot  bool
	Notes   []string
	// Error and Code say why a part is not OK. Error is text of the system, in its
	// language.
	Error string
	Code  string
}

// Part finds an outcome by the part's name.
func (r *Reply) Part(name string) (Outcome, bool) {
	for _, o := range r.Parts {
		if o.Name == name {
			return o, true
		}
	}
	return Outcome{}, false
}

// FactsOf gives what a judge takes: the facts of a check's part, or the fact
// "error", which makes the verdict unknown.
func (r *Reply) FactsOf(id check.ID) check.Facts {
	o, ok := r.Part(string(id))
	switch {
	case !ok:
		return check.Facts{{Name: check.FactError, Value: "The host did not answer for this check."}}
	case !o.OK:
		return check.Facts{{Name: check.FactError, Value: o.Reason()}}
	default:
		return o.Facts
	}
}

// Reason says why a part is not OK.
func (o *Outcome) Reason() string {
	reason := o.Error
	if reason == "" {
		reason = "no reason was given"
	}
	if o.Code != "" {
		reason += " (" + o.Code + ")"
	}
	return reason
}

// Lines around the reply, so that what a profile or a driver prints does no harm.
const (
	beginLine = "OSIRIS-BEGIN"
	endLine   = "OSIRIS-END"
)

type replyForm struct {
	Version int         `json:"v"`
	Host    hostForm    `json:"host"`
	Parts   []*partForm `json:"parts"`
}

type hostForm struct {
	Hostname   string `json:"hostname"`
	PowerShell string `json:"ps"`
	UTCMs      *int64 `json:"utc_ms,omitempty"` // Unix time at the end
	RanMs      int64  `json:"ran_ms,omitempty"`
}

type partForm struct {
	Name    string          `json:"name"`
	OK      bool            `json:"ok"`
	Ms      int64           `json:"ms"`
	Facts   [][2]string     `json:"facts,omitempty"`
	State   json.RawMessage `json:"state,omitempty"`
	Changed bool            `json:"changed,omitempty"`
	Reboot  bool            `json:"reboot,omitempty"`
	Notes   []string        `json:"notes,omitempty"`
	Error   string          `json:"error,omitempty"`
	Code    string          `json:"code,omitempty"`
}

// ReadReply reads a Windows host's standard output. Whatever stands before and
// after the two lines is skipped; two replies are none.
func ReadReply(stdout []byte) (*Reply, error) {
	line, err := cutReply(stdout)
	if err != nil {
		return nil, fmt.Errorf("reading a reply: %w", err)
	}
	var form replyForm
	if err := json.Unmarshal(line, &form); err != nil {
		return nil, fmt.Errorf("reading a reply: %w: %w", ErrReply, err)
	}
	if form.Version != formVersion {
		return nil, fmt.Errorf("reading a reply: %w: version %d", ErrReply, form.Version)
	}
	r := &Reply{Hostname: form.Host.Hostname, PowerShell: form.Host.PowerShell}
	if utc := form.Host.UTCMs; utc != nil {
		r.Clock = &Clock{UTC: time.UnixMilli(*utc), Ran: time.Duration(form.Host.RanMs) * time.Millisecond, Step: time.Millisecond}
	}
	for _, p := range form.Parts {
		if p == nil {
			return nil, fmt.Errorf("reading a reply: %w: a part is null", ErrReply)
		}
		o := Outcome{
			Name: p.Name, OK: p.OK, Ms: p.Ms, State: p.State, Changed: p.Changed, Reboot: p.Reboot,
			Notes: p.Notes, Error: p.Error, Code: p.Code,
		}
		if string(o.State) == "null" {
			o.State = nil
		}
		for _, f := range p.Facts {
			o.Facts.Add(f[0], f[1])
		}
		r.Parts = append(r.Parts, o)
	}
	r.bound()
	if err := r.validate(); err != nil {
		return nil, fmt.Errorf("reading a reply: %w", err)
	}
	return r, nil
}

// cutReply finds what is between the two lines.
func cutReply(stdout []byte) ([]byte, error) {
	if len(stdout) > MaxReply {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrReply, len(stdout), MaxReply)
	}
	if !utf8.Valid(stdout) {
		stdout = bytes.ToValidUTF8(stdout, []byte("\ufffd"))
	}
	var between [][]byte
	state, replies := 0, 0
	for line := range bytes.Lines(stdout) {
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case string(line) == beginLine:
			state, between = 1, nil
			replies++
		case string(line) == endLine && state == 1:
			state = 2
		case state == 1:
			between = append(between, line)
		}
	}
	if state != 2 || replies != 1 || len(between) != 1 {
		return nil, fmt.Errorf("%w: %d replies, of which the last has %d lines", ErrReply, replies, len(between))
	}
	return between[0], nil
}

func (r *Reply) validate() error {
	if len(r.Parts) > MaxParts || len(r.Hostname) > maxWord || len(r.PowerShell) > maxWord {
		return fmt.Errorf("%w: %d parts, at most %d, or a name is too long", ErrReply, len(r.Parts), MaxParts)
	}
	if c := r.Clock; c != nil && !c.possible() {
		return fmt.Errorf("%w: its clock shows %s after %s", ErrReply, c.UTC.UTC().Format(time.RFC3339), c.Ran)
	}
	seen := map[string]bool{}
	for i := range r.Parts {
		o := &r.Parts[i]
		if !partPattern.MatchString(o.Name) || seen[o.Name] {
			return fmt.Errorf("%w: part %.64q is no name or there twice", ErrReply, o.Name)
		}
		seen[o.Name] = true
		if err := o.validate(); err != nil {
			return fmt.Errorf("part %s: %w", o.Name, err)
		}
	}
	return nil
}

func (o *Outcome) validate() error {
	if o.Ms < 0 || len(o.Notes) > maxNotes || len(o.State) > maxState || len(o.Code) > maxWord || len(o.Error) > maxFact {
		return fmt.Errorf("%w: a bound is passed", ErrReply)
	}
	if len(o.Facts) > maxFacts {
		return fmt.Errorf("%w: more than %d facts", ErrReply, maxFacts)
	}
	for _, f := range o.Facts {
		if f.Name == "" || len(f.Name) > maxWord || len(f.Value) > maxFact {
			return fmt.Errorf("%w: fact %.64q has no name or is too long", ErrReply, f.Name)
		}
	}
	for _, note := range o.Notes {
		if len(note) > maxFact {
			return fmt.Errorf("%w: a note of %d bytes", ErrReply, len(note))
		}
	}
	return nil
}

// Windows is the reply as a Windows host prints it; the lab's hosts do.
func (r *Reply) Windows() ([]byte, error) {
	if err := r.validate(); err != nil {
		return nil, fmt.Errorf("encoding a reply: %w", err)
	}
	form := replyForm{Version: formVersion, Host: hostForm{Hostname: r.Hostname, PowerShell: r.PowerShell}, Parts: []*partForm{}}
	if r.Clock != nil {
		utc := r.Clock.UTC.UnixMilli()
		form.Host.UTCMs, form.Host.RanMs = &utc, r.Clock.Ran.Milliseconds()
	}
	for _, o := range r.Parts {
		p := &partForm{
			Name: o.Name, OK: o.OK, Ms: o.Ms, State: o.State, Changed: o.Changed, Reboot: o.Reboot,
			Notes: o.Notes, Error: o.Error, Code: o.Code,
		}
		for _, f := range o.Facts {
			p.Facts = append(p.Facts, [2]string{f.Name, f.Value})
		}
		form.Parts = append(form.Parts, p)
	}
	text, err := json.Marshal(form)
	if err != nil {
		return nil, fmt.Errorf("encoding a reply: %w", err)
	}
	return append(append([]byte(beginLine+"\r\n"), asciiJSON(text)...), "\r\n"+endLine+"\r\n"...), nil
}
