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
	var b bundle
	if !decode(kept, &b) || len(b.roots) != 1 {
		return s, fmt.Errorf("reading kept metadata: %w", ErrMalformed)
	}
	root, err := open(b.roots[0], Root)
	if err == nil {
		err = root.signedBy(root.keys[Root])
	}
	if err != nil {
		return s, fmt.Errorf("reading kept root: %w", err)
	}
	s.held[Root] = root
	for role := Timestamp; role < roles; role++ {
		if d, err := s.verified(b.of[role], role); err == nil {
			s.held[role] = d
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
	var b bundle
	if !decode(encoded, &b) {
		return fmt.Errorf("reading metadata: %w", ErrMalformed)
	}
	if err := s.takeRoots(b.roots); err != nil {
		return fmt.Errorf("taking root: %w", err)
	}
	for role := Root; role < roles; role++ {
		err := error(nil)
		if role != Root {
			err = s.take(b.of[role], role)
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
			return nil, fmt.Errorf("reading %s: %w", role, err)
		}
	}
	return s.held[Targets].files, nil
}

// takeRoots walks from the held root to the newest, one version after the other.
// Without one it starts at the first that the anchor's keys and its own signed.
func (s *Store) takeRoots(roots [][]byte) error {
	var refused error
	for _, raw := range roots {
		next, err := open(raw, Root)
		if err != nil {
			return err
		}
		held, keys := s.held[Root], s.anchor
		if held != nil {
			if next.version <= held.version {
				continue
			}
			keys = held.keys[Root]
		}
		if err := next.signedBy(keys); err != nil {
			if held == nil {
				refused = err
				continue
			}
			return err
		}
		if held != nil && next.version != held.version+1 {
			return ErrVersion
		}
		if err := next.signedBy(next.keys[Root]); err != nil {
			return err
		}
		s.setRoot(next)
	}
	if s.held[Root] == nil {
		return errors.Join(ErrUnsigned, refused)
	}
	return nil
}

// setRoot also forgets what the new root's keys did not sign: so a version that
// a stolen key drove up is left behind (specification 5.3.11).
func (s *Store) setRoot(root *document) {
	s.held[Root] = root
	for role := Timestamp; role < roles; role++ {
		if d := s.held[role]; d != nil && d.signedBy(root.keys[role]) != nil {
			s.held[role] = nil
		}
	}
}

// verified reads a document and checks that the held root's keys signed it.
func (s *Store) verified(raw []byte, role Role) (*document, error) {
	d, err := open(raw, role)
	if err != nil {
		return nil, err
	}
	return d, d.signedBy(s.held[Root].keys[role])
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
