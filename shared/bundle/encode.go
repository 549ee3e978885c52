package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"unicode/utf8"
)

// MaxSize bounds each file of a folder, bytes.
const MaxSize = 1 << 20

// ErrMalformed means that bytes are not of the format.
var ErrMalformed = errors.New("malformed")

// Encode gives the bytes of bundle.json. Equal bundles give equal bytes: fields
// in the struct's order, maps sorted, two spaces of indent, a newline at the
// end. It sets the version and writes missing lists and maps as empty ones.
func (b Bundle) Encode() ([]byte, error) {
	b.Version = Version
	if err := b.validate(); err != nil {
		return nil, err
	}
	b.fill()
	compact := scratch.Get().(*bytes.Buffer)
	defer func() {
		if compact.Cap() <= MaxSize { // one giant must not stay for all
			scratch.Put(compact)
		}
	}()
	compact.Reset()
	e := json.NewEncoder(compact) // ends with a newline
	e.SetEscapeHTML(false)
	if err := e.Encode(b); err != nil {
		return nil, fmt.Errorf("encoding bundle %s: %w", b.BundleID, err)
	}
	data := indent(make([]byte, 0, compact.Len()*3/2), compact.Bytes())
	if len(data) > MaxSize {
		return nil, fmt.Errorf("encoding bundle %s: %d bytes, the limit is %d", b.BundleID, len(data), MaxSize)
	}
	return data, nil
}

// scratch holds buffers of Encode, which a busy appliance calls thousands of
// times a second.
var scratch = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// fill replaces nil by empty, so that absence has one spelling. Slices of the
// caller are not written to.
func (b *Bundle) fill() {
	if b.PreState == nil {
		b.PreState = map[string]string{}
	}
	if b.PostState == nil {
		b.PostState = map[string]string{}
	}
	if b.Actions == nil {
		b.Actions = []Action{}
	}
	if b.HIPAAControls == nil {
		b.HIPAAControls = []string{}
	}
	if b.Verdict != nil && b.Verdict.Facts == nil {
		v := *b.Verdict
		v.Facts = []Fact{}
		b.Verdict = &v
	}
	verdicts := make([]Verdict, len(b.Verdicts))
	for i, v := range b.Verdicts {
		if v.Facts == nil {
			v.Facts = []Fact{}
		}
		verdicts[i] = v
	}
	b.Verdicts = verdicts
}

// validate checks what every reader relies on.
func (b *Bundle) validate() error {
	if _, err := parseID(b.BundleID); err != nil {
		return err
	}
	if b.Version != Version {
		return fmt.Errorf("%w: bundle version %q", ErrMalformed, clip(b.Version))
	}
	if !isWord(b.Kind) {
		return fmt.Errorf("%w: bundle kind %q", ErrMalformed, clip(b.Kind))
	}
	if !slices.Contains([]string{OutcomeSuccess, OutcomeFailed, OutcomeReverted, OutcomeDeferred, OutcomeAlert, OutcomeRejected, OutcomeNone}, b.Outcome) {
		return fmt.Errorf("%w: bundle outcome %q", ErrMalformed, clip(b.Outcome))
	}
	if b.SiteID == "" || b.ApplianceID == "" {
		return fmt.Errorf("%w: bundle without site_id or appliance_id", ErrMalformed)
	}
	if b.MadeTime == 0 {
		return fmt.Errorf("%w: bundle without made_time", ErrMalformed)
	}
	if y := b.MadeTime.Time().Year(); y < 1970 || y > 9999 {
		return fmt.Errorf("%w: bundle made in the year %d", ErrMalformed, y)
	}
	return nil
}

// isWord reports whether s is one to 32 lower-case letters and underscores.
func isWord(s string) bool {
	for _, r := range s {
		if r != '_' && (r < 'a' || r > 'z') {
			return false
		}
	}
	return s != "" && len(s) <= 32
}

// Decode reads bundle.json. Unknown or repeated fields, another order, another
// spelling of the same value: each is ErrMalformed, because the bytes would say
// something that this program does not understand or others read differently.
func Decode(data []byte) (Bundle, error) {
	if len(data) > MaxSize {
		return Bundle{}, fmt.Errorf("%w: bundle.json of %d bytes", ErrMalformed, len(data))
	}
	if !utf8.Valid(data) {
		return Bundle{}, fmt.Errorf("%w: bundle.json is not UTF-8", ErrMalformed)
	}
	if !plausible(data) {
		return Bundle{}, fmt.Errorf("%w: bundle.json has more elements than its one form has room for", ErrMalformed)
	}
	var b Bundle
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return Bundle{}, fmt.Errorf("%w: bundle.json: %w", ErrMalformed, err)
	}
	if err := b.validate(); err != nil {
		return Bundle{}, err
	}
	if !b.fits(len(data)) {
		return Bundle{}, fmt.Errorf("%w: bundle.json has longer lists than its one form has room for", ErrMalformed)
	}
	again, err := b.Encode()
	if err != nil {
		return Bundle{}, err
	}
	if !bytes.Equal(again, data) {
		return Bundle{}, fmt.Errorf("%w: bundle.json is not in its one form", ErrMalformed)
	}
	return b, nil
}

// SameEvent reports whether two bundles say the same of the same event. They may
// differ in when and under which versions they were made: a redo after a crash
// does.
func SameEvent(a, b Bundle) (bool, error) {
	for _, x := range []*Bundle{&a, &b} {
		x.MadeTime, x.NTP, x.Appliance, x.PolicyVersion, x.TrustVersion = 1, nil, "", 0, 0
	}
	first, err := a.Encode()
	if err != nil {
		return false, err
	}
	second, err := b.Encode()
	if err != nil {
		return false, err
	}
	return bytes.Equal(first, second), nil
}

// clip keeps foreign text short in messages.
func clip(s string) string {
	const most = 80
	if len(s) > most {
		return s[:most]
	}
	return s
}
