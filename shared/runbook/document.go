package runbook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/osiriscare/osiris/shared/check"
)

// Bounds of what goes to a host.
const (
	MaxParts      = 200
	maxParameters = 64
	maxDocument   = 2 << 20
	maxState      = 1 << 20
)

// ErrDocument means that what was to run on a host is no document.
var ErrDocument = errors.New("bad document")

// Document is what a host gets on its standard input: texts of the catalogue, and
// beside them, as data, parameters and what a snapshot saved.
type Document struct {
	Platform string
	// Parts run one after another; one that fails does not stop the next.
	Parts      []Part
	Parameters map[string]string
	// Snapshot is what a part of the kind snapshot gave; nil for none.
	Snapshot json.RawMessage

	prelude, postlude string
}

// Part is one text to run. A facts script goes by its check's id, a phase by its
// kind.
type Part struct {
	Name   string `json:"name"`
	Script string `json:"script"`
}

// Document makes one of texts, which are all of one platform.
func (c *Catalogue) Document(texts ...*Text) (*Document, error) {
	if len(texts) == 0 || len(texts) > MaxParts {
		return nil, fmt.Errorf("making a document: %w: %d parts, not 1 to %d", ErrDocument, len(texts), MaxParts)
	}
	d := &Document{Platform: texts[0].Platform}
	for _, text := range texts {
		name := string(text.Kind)
		if text.Kind == Facts {
			name = string(text.Check)
		}
		if text.Platform != d.Platform || frame[text.Path] != "" || c.texts.byPath[text.Path] != text {
			return nil, fmt.Errorf("making a document: %w: %s is no part of it", ErrDocument, text.Path)
		}
		d.Parts = append(d.Parts, Part{name, text.Body})
	}
	return d, c.texts.surround(d)
}

// Scan makes the document that reads the facts of checks, of which a platform's
// have a script; one per host and scan (DESIGN D27).
func (c *Catalogue) Scan(platform string, ids ...check.ID) (*Document, error) {
	texts := make([]*Text, 0, len(ids))
	for _, id := range ids {
		text, err := c.texts.Facts(platform, id)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return c.Document(texts...)
}

// surround puts the frame around the parts.
func (t *Texts) surround(d *Document) error {
	prelude, err := t.frame(d.Platform, Prelude)
	if err != nil {
		return err
	}
	d.prelude = prelude
	if d.Platform != "linux" {
		return nil
	}
	postlude, err := t.frame(d.Platform, Postlude)
	if err != nil {
		return err
	}
	d.postlude = postlude
	return nil
}

var partPattern = regexp.MustCompile(`\A[a-z][a-z0-9_]{0,63}\z`)

// validate holds the bounds, for both directions.
func (d *Document) validate() error {
	if len(d.Parts) == 0 || len(d.Parts) > MaxParts {
		return fmt.Errorf("%w: %d parts, not 1 to %d", ErrDocument, len(d.Parts), MaxParts)
	}
	seen := map[string]bool{}
	for _, p := range d.Parts {
		if !partPattern.MatchString(p.Name) || seen[p.Name] {
			return fmt.Errorf("%w: part %.64q is no name or there twice", ErrDocument, p.Name)
		}
		if len(p.Script) > MaxText {
			return fmt.Errorf("%w: part %s has %d bytes, at most %d", ErrDocument, p.Name, len(p.Script), MaxText)
		}
		seen[p.Name] = true
	}
	if len(d.Parameters) > maxParameters {
		return fmt.Errorf("%w: %d parameters, at most %d", ErrDocument, len(d.Parameters), maxParameters)
	}
	for name, value := range d.Parameters {
		if !namePattern.MatchString(name) || len(value) > MaxValue {
			return fmt.Errorf("%w: parameter %.64q is no name or too long", ErrDocument, name)
		}
	}
	if len(d.Snapshot) > maxState || len(d.Snapshot) > 0 && !json.Valid(d.Snapshot) {
		return fmt.Errorf("%w: the snapshot of %d bytes is too long or no JSON", ErrDocument, len(d.Snapshot))
	}
	return nil
}

// formVersion is the version of both forms.
const formVersion = 1

// windowsForm is a document on the standard input of Windows: one line of JSON in
// ASCII.
type windowsForm struct {
	Version    int               `json:"v"`
	Prelude    string            `json:"prelude"`
	Parts      []Part            `json:"parts"`
	Parameters map[string]string `json:"parameters"`
	Snapshot   json.RawMessage   `json:"snapshot"`
}

// Windows is the document as Windows' bootstrap reads it.
func (d *Document) Windows() ([]byte, error) {
	if err := d.validate(); err != nil {
		return nil, fmt.Errorf("encoding a document: %w", err)
	}
	form := windowsForm{formVersion, d.prelude, d.Parts, d.Parameters, d.Snapshot}
	if form.Parameters == nil {
		form.Parameters = map[string]string{}
	}
	if len(form.Snapshot) == 0 {
		form.Snapshot = json.RawMessage("null")
	}
	text, err := json.Marshal(form)
	if err != nil {
		return nil, fmt.Errorf("encoding a document: %w", err)
	}
	text = append(asciiJSON(text), '\n')
	if len(text) > maxDocument {
		return nil, fmt.Errorf("encoding a document: %w: %d bytes, at most %d", ErrDocument, len(text), maxDocument)
	}
	return text, nil
}

// asciiJSON writes what is not ASCII as \u escapes, so that no code page matters.
func asciiJSON(text []byte) []byte {
	var out bytes.Buffer
	for _, r := range string(text) {
		switch {
		case r < 0x7f:
			out.WriteRune(r)
		case r > 0xffff:
			high, low := (r-0x10000)>>10+0xd800, (r-0x10000)&0x3ff+0xdc00
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.Bytes()
}

// ReadDocument reads what Windows gives; the lab's hosts do. Its texts may be
// anything: Recognise compares them with a catalogue.
func ReadDocument(text []byte) (*Document, error) {
	if len(text) > maxDocument {
		return nil, fmt.Errorf("reading a document: %w: %d bytes, at most %d", ErrDocument, len(text), maxDocument)
	}
	var form windowsForm
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&form); err != nil {
		return nil, fmt.Errorf("reading a document: %w: %w", ErrDocument, err)
	}
	if rest := bytes.TrimSpace(text[decoder.InputOffset():]); len(rest) > 0 || form.Version != formVersion {
		return nil, fmt.Errorf("reading a document: %w: version %d and %d bytes more", ErrDocument, form.Version, len(rest))
	}
	d := &Document{Platform: "windows", Parts: form.Parts, Parameters: form.Parameters, Snapshot: form.Snapshot, prelude: form.Prelude}
	if string(d.Snapshot) == "null" {
		d.Snapshot = nil
	}
	if err := d.validate(); err != nil {
		return nil, fmt.Errorf("reading a document: %w", err)
	}
	return d, nil
}

// Recognise finds the text of each part. A document with another text in it, if by
// one byte, is ErrUnknown.
func (c *Catalogue) Recognise(d *Document) ([]*Text, error) {
	want := &Document{Platform: d.Platform}
	if err := c.texts.surround(want); err != nil {
		return nil, err
	}
	if d.prelude != want.prelude || d.postlude != want.postlude {
		return nil, fmt.Errorf("%w: the document's prelude is another", ErrUnknown)
	}
	found := make([]*Text, 0, len(d.Parts))
	for _, p := range d.Parts {
		text := c.texts.recognise(d.Platform, p)
		if text == nil {
			return nil, fmt.Errorf("%w: the text of part %s is not in the catalogue", ErrUnknown, p.Name)
		}
		found = append(found, text)
	}
	return found, nil
}

func (t *Texts) recognise(platform string, p Part) *Text {
	for _, text := range t.order {
		if text.Platform != platform || text.Body != p.Script || frame[text.Path] != "" {
			continue
		}
		if text.Kind == Facts && string(text.Check) == p.Name || text.Kind != Facts && string(text.Kind) == p.Name {
			return text
		}
	}
	return nil
}
