// Package tuf judges update metadata by go-tuf (DESIGN D37), for the programs that
// it fits into: the release tool and the appliance. A Store holds what is trusted
// so far and takes a folder as the release tool writes it, metadata/N.root.json
// and so on, by the client workflow of The Update Framework (specification
// 1.0.31, 5.3 to 5.6). Its twin for agents, shared/release, judges the compact
// form of the same metadata; Same tells whether the two forms say the same.
//
// Errors are those of shared/release, with go-tuf's own words behind them. Expired
// metadata keeps programs from being offered. In the very millisecond of an
// expiry the two judges differ: shared/release, as the specification, says
// expired, and go-tuf 2.4.2 not yet. Times are the caller's, sizes bytes.
package tuf

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"

	"github.com/osiriscare/osiris/shared/release"
)

// Store is what a client trusts, from one update to the next.
type Store struct {
	anchor *release.Keys
	held   held
	now    *trustedmetadata.TrustedMetadata // of the last Update that went well
}

// held is what Kept gives: metadata files as they were read.
type held struct {
	Root, Timestamp, Snapshot []byte
}

// Open reads what Kept gave; nothing means that the anchor alone is trusted.
func Open(anchor *release.Keys, kept []byte) (*Store, error) {
	s := &Store{anchor: anchor}
	if len(kept) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(kept, &s.held); err != nil {
		return nil, fmt.Errorf("reading kept metadata: %w", err)
	}
	if _, err := trusted(s.held.Root); err != nil {
		return nil, fmt.Errorf("reading kept metadata: %w", err)
	}
	return s, nil
}

// Kept is what Open takes. It must be written also when an Update was refused:
// roots that were good stay.
func (s *Store) Kept() ([]byte, error) {
	if s.held.Root == nil {
		return nil, nil
	}
	return json.Marshal(s.held)
}

// Update takes the metadata of a repository's folder as far as it is good, and
// says what it refused.
func (s *Store) Update(repository fs.FS, now time.Time) error {
	s.now = nil
	t, err := s.update(folder{repository}, now)
	if err != nil {
		return named(err)
	}
	s.now = t
	return nil
}

// update turns what go-tuf 2.4.2 does with a null where it expects an object,
// following a nil pointer, into an error: the bytes are foreign.
func (s *Store) update(f folder, now time.Time) (t *trustedmetadata.TrustedMetadata, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", release.ErrMalformed, r)
		}
	}()
	if s.held.Root == nil {
		if s.held.Root, err = f.anchored(s.anchor); err != nil {
			return nil, err
		}
	}
	if t, err = trusted(s.held.Root); err != nil {
		return nil, err
	}
	t.RefTime = now
	if err := s.takeRoots(t, f); err != nil {
		return nil, fmt.Errorf("taking root: %w", err)
	}
	if err := s.takeTimestamp(t, f); err != nil {
		return nil, fmt.Errorf("taking timestamp: %w", err)
	}
	if err := s.takeSnapshot(t, f); err != nil {
		return nil, fmt.Errorf("taking snapshot: %w", err)
	}
	named := t.Snapshot.Signed.Meta["targets.json"]
	if named == nil {
		return nil, fmt.Errorf("%w: the snapshot names no targets", release.ErrMalformed)
	}
	content, err := f.read(metadata.TARGETS, named.Version)
	if err == nil {
		_, err = t.UpdateTargets(content)
	}
	if err != nil {
		return nil, fmt.Errorf("taking targets: %w", err)
	}
	return t, nil
}

func (s *Store) takeRoots(t *trustedmetadata.TrustedMetadata, f folder) error {
	for {
		content, err := f.exactly(metadata.ROOT, t.Root.Signed.Version+1)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			_, err = t.UpdateRoot(content)
		}
		if err != nil {
			return err
		}
		s.held.Root = content
	}
}

func (s *Store) takeTimestamp(t *trustedmetadata.TrustedMetadata, f folder) error {
	if s.held.Timestamp != nil {
		_, _ = t.UpdateTimestamp(s.held.Timestamp) // what does not hold any more is not held
	}
	content, err := f.read(metadata.TIMESTAMP, 0)
	if err != nil {
		return err
	}
	_, err = t.UpdateTimestamp(content)
	if errors.Is(err, &metadata.ErrEqualVersionNumber{}) {
		return nil // the held one counts
	}
	if err == nil {
		s.held.Timestamp = content
	}
	return err
}

func (s *Store) takeSnapshot(t *trustedmetadata.TrustedMetadata, f folder) error {
	if s.held.Snapshot != nil {
		_, _ = t.UpdateSnapshot(s.held.Snapshot, true) // as above
	}
	named := t.Timestamp.Signed.Meta["snapshot.json"]
	if named == nil {
		return fmt.Errorf("%w: the timestamp names no snapshot", release.ErrMalformed)
	}
	content, err := f.read(metadata.SNAPSHOT, named.Version)
	if err == nil {
		_, err = t.UpdateSnapshot(content, false)
	}
	if err == nil {
		s.held.Snapshot = content
	}
	return err
}

// trusted begins with a root that is believed.
func trusted(root []byte) (*trustedmetadata.TrustedMetadata, error) {
	t, err := trustedmetadata.New(root)
	return t, named(err)
}

// named puts the word of shared/release before go-tuf's.
func named(err error) error {
	for ours, theirs := range map[error]error{
		release.ErrUnsigned: &metadata.ErrUnsignedMetadata{}, release.ErrVersion: &metadata.ErrBadVersionNumber{},
		release.ErrExpired: &metadata.ErrExpiredMetadata{}, release.ErrMismatch: &metadata.ErrLengthOrHashMismatch{},
	} {
		if errors.Is(err, theirs) {
			return fmt.Errorf("%w: %w", ours, err)
		}
	}
	return err
}
