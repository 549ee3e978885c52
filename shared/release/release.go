// Package release judges update metadata (DESIGN D37): the four roles of The
// Update Framework (specification 1.0.31, theupdateframework.github.io, read
// 2026-11-22) in the compact form of trust.v1.ReleaseBundle. A Store holds what
// is trusted so far and takes a bundle only as far as the specification's client
// workflow (5.3 to 5.6) does: signatures up to each role's threshold, versions
// that never go back, roots one by one, contents as named by the role above, and
// no role expired. A test holds it to the verdicts of go-tuf, which does not fit
// into the agent.
//
// Versions count from 1, times are Unix milliseconds, sizes bytes. What is
// refused is ErrMalformed, ErrUnsigned, ErrVersion, ErrMismatch or ErrExpired.
// Expired metadata keeps an agent from installing; it never stops one.
package release

import (
	"errors"
	"fmt"

	"github.com/osiriscare/osiris/shared/signed"
)

// Context is what the keys of all roles sign in.
const Context signed.Context = "osiris/release/v1"

// Errors that callers tell apart.
var (
	ErrMalformed = errors.New("malformed metadata")
	ErrUnsigned  = errors.New("not signed by enough of the role's keys")
	ErrVersion   = errors.New("not the version that may come next")
	ErrMismatch  = errors.New("not what the role above it names")
	ErrExpired   = errors.New("expired")
)

// Store is what is trusted: the newest of each role.
type Store struct {
	anchor *Keys
	held   [roles]*document // by role; nil means none
}

// Open reads what Kept gave. What the held root no longer vouches for is left
// out; a root that does not verify is an error, because it was changed from
// outside. Empty means that anchor alone is trusted.
func Open(anchor *Keys, kept []byte) (*Store, error) {
	s := &Store{anchor: anchor}
	if len(kept) == 0 {
		return s, nil
	}
	var f field
	for len(kept) > 0 {
		f, kept = next(kept)
		if f.num == 0 || f.num >= uint64(roles) {
			return s, ErrMalformed
		}
		d, err := open(f.content, Role(f.num))
		if err == nil && d.role == Root {
			s.held[Root] = d
		}
		if s.held[Root] == nil {
			return s, ErrMalformed
		}
		if err == nil {
			err = d.signedBy(s.held[Root].keys[f.num])
		}
		if err == nil {
			s.held[f.num] = d
		} else if f.num == uint64(Root) {
			s.held[Root] = nil
			return s, err
		}
	}
	return s, nil
}

// Kept is what Open takes.
func (s *Store) Kept() []byte {
	var out []byte
	for role, d := range s.held {
		if d != nil {
			out = appendBytes(out, uint64(role), d.raw)
		}
	}
	return out
}

// RootVersion is that of the held root; 0 means none.
func (s *Store) RootVersion() uint64 {
	if s.held[Root] == nil {
		return 0
	}
	return s.held[Root].version
}

// Update takes an encoded bundle as far as it is good, and says what it refused.
// Roots and versions that were good stay, also when something after them is not:
// Kept must be written either way.
func (s *Store) Update(encoded []byte, nowMs int64) error {
	var of [roles][]byte // roots stay encoded together
	var f field
	for b := encoded; len(b) > 0; {
		f, b = next(b)
		switch {
		case f.num == 0:
			return ErrMalformed
		case f.num == uint64(Root):
			of[Root] = appendBytes(of[Root], 1, f.content)
		case f.num < uint64(roles):
			of[f.num] = f.content
		}
	}
	for role := Root; role < roles; role++ {
		err := error(nil)
		if role == Root {
			err = s.takeRoots(of[Root])
		} else {
			err = s.take(of[role], role)
		}
		if err == nil {
			err = s.current(role, nowMs)
		}
		if err != nil {
			return fmt.Errorf("taking %s: %w", role, err)
		}
	}
	return nil
}

// Files are the programs that may be installed at nowMs.
func (s *Store) Files(nowMs int64) ([]*File, error) {
	for role := Root; role < roles; role++ {
		if err := s.current(role, nowMs); err != nil {
			return nil, err
		}
	}
	return s.held[Targets].files, nil
}

// takeRoots walks from the held root to the newest, one version after the other.
// Without one it starts at the first that the anchor's keys and its own signed.
func (s *Store) takeRoots(encoded []byte) error {
	var f field
	for len(encoded) > 0 {
		f, encoded = next(encoded)
		root, err := open(f.content, Root)
		if err != nil {
			return err
		}
		held, keys := s.held[Root], s.anchor
		if held != nil {
			if root.version <= held.version {
				continue
			}
			keys = held.keys[Root]
		}
		if err := root.signedBy(keys); err != nil {
			if held == nil {
				continue
			}
			return err
		}
		if held != nil && root.version != held.version+1 {
			return ErrVersion
		}
		if err := root.signedBy(root.keys[Root]); err != nil {
			return err
		}
		s.held[Root] = root
		// What the new root's keys did not sign is forgotten: so a version that a stolen
		// key drove up is left behind (specification 5.3.11).
		for role := Timestamp; role < roles; role++ {
			if d := s.held[role]; d != nil && d.signedBy(root.keys[role]) != nil {
				s.held[role] = nil
			}
		}
	}
	if s.held[Root] == nil {
		return ErrUnsigned
	}
	return nil
}

// take takes the next document of a role below root.
func (s *Store) take(raw []byte, role Role) error {
	held := s.held[role]
	if len(raw) == 0 && held != nil {
		return nil // it is asked whether the held one still holds
	}
	next, err := open(raw, role)
	if err != nil {
		return err
	}
	if role != Timestamp && !next.isNamedBy(s.held[role-1]) {
		return ErrMismatch
	}
	if err := next.signedBy(s.held[Root].keys[role]); err != nil {
		return err
	}
	if held != nil {
		if next.version < held.version {
			return ErrVersion
		}
		if next.version == held.version && role == Timestamp {
			return nil // the held one counts
		}
		if role != Targets && next.files[0].Version < held.files[0].Version {
			return ErrVersion
		}
	}
	s.held[role] = next
	return nil
}

// current tells whether a role's document is there, is the one that is named by
// the role above, and holds at nowMs.
func (s *Store) current(role Role, nowMs int64) error {
	d := s.held[role]
	switch {
	case d == nil:
		return ErrUnsigned
	case nowMs >= d.expiresMs:
		return ErrExpired
	case role > Timestamp && d.version != s.held[role-1].files[0].Version:
		return ErrVersion
	case role > Timestamp && !d.isNamedBy(s.held[role-1]):
		return ErrMismatch
	}
	return nil
}
