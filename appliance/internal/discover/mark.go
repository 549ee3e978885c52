package discover

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Mark is how far a List came: one number of one copy of one controller's
// database. It is data to be kept, not to be read.
type Mark struct {
	Server     string
	Invocation GUID
	USN        int64
	// Full is when the last full pass was, by the controller's clock.
	Full time.Time
}

// allows tells whether changes since m are all that is missing: a controller
// that was restored from a backup has a new invocationId, or, restored wrongly,
// a lower number.
func (m Mark) allows(r root) bool {
	return m.Invocation == r.invocation && m.USN > 0 && m.USN <= r.usn &&
		!m.Full.After(r.now) && r.now.Sub(m.Full) < fullEvery
}

// root is what a controller says about itself.
type root struct {
	invocation GUID
	usn        int64
	now        time.Time
}

// root reads the controller's own entry. The number is read before the
// computers are: what changes meanwhile comes twice rather than never.
func (d *Directory) root(s *session) (root, error) {
	e, err := s.entry("", "defaultNamingContext", "highestCommittedUSN", "dsServiceName", "currentTime")
	if err != nil {
		return root{}, fmt.Errorf("reading the root entry: %w", err)
	}
	if context := e.GetEqualFoldAttributeValue("defaultNamingContext"); !sameDN(context, d.base) {
		return root{}, fmt.Errorf("%w: its domain is %.300q", ErrDomain, context)
	}
	var r root
	if r.usn, err = strconv.ParseInt(e.GetEqualFoldAttributeValue("highestCommittedUSN"), 10, 64); err != nil || r.usn <= 0 {
		return root{}, fmt.Errorf("%w: its highestCommittedUSN", ErrReply)
	}
	if r.now, err = generalizedTime(e.GetEqualFoldAttributeValue("currentTime")); err != nil {
		return root{}, fmt.Errorf("%w: its currentTime", ErrReply)
	}
	service := e.GetEqualFoldAttributeValue("dsServiceName")
	if service == "" {
		return root{}, fmt.Errorf("%w: no dsServiceName", ErrReply)
	}
	settings, err := s.entry(service, "invocationId")
	if err != nil {
		return root{}, fmt.Errorf("reading the controller's settings: %w", err)
	}
	if r.invocation, err = ParseGUID(settings.GetEqualFoldRawAttributeValue("invocationId")); err != nil {
		return root{}, errors.Join(ErrReply, fmt.Errorf("reading its invocationId: %w", err))
	}
	return r, nil
}

// generalizedTime reads RFC 4517 3.3.13 as controllers write it.
func generalizedTime(s string) (time.Time, error) {
	t, err := time.Parse("20060102150405Z", s)
	if err != nil {
		t, err = time.Parse("20060102150405.0Z", s)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the time %.30q: %w", s, err)
	}
	return t.UTC(), nil
}
