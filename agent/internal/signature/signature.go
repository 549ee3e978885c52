// Package signature holds the newest signed list that recognises remote
// management software (trust.v1.SignatureList). A list is taken only when one of
// the release keys signed it in its own context, when it is newer than the one
// held, has not expired and stays within bounds; it is a file that survives a
// crash. A list that expires while it is held goes on finding products, and
// says that it has expired. Times are Unix milliseconds, sizes bytes. ErrOlder
// and ErrExpired come from shared/trust, ErrKey and ErrSignature from
// shared/signed, ErrBounds is here.
package signature

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"sync"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
	"github.com/osiriscare/osiris/agent/internal/policy"
	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"
)

const (
	fileName = "signatures.bin" // a trust.v1.SignedEnvelope
	// fileMode keeps other users of the machine from seeing what is looked for.
	fileMode = 0o600
)

// Signatures is what the agent holds. Its methods may be called from any
// goroutine.
type Signatures struct {
	path  string
	keys  []ed25519.PublicKey
	nowMs func() int64

	mu   sync.Mutex
	list *List // of version 0 before the first
}

// New reads what is stored in folder; keys are the release keys and nowMs the
// agent's clock. A file that cannot be read, or does not verify any more because
// it was damaged or its key is gone, is as good as none: version 0 makes the
// appliance send its list again, which replaces the file.
func New(folder string, keys []ed25519.PublicKey, nowMs func() int64) *Signatures {
	s := &Signatures{path: filepath.Join(folder, fileName), keys: keys, nowMs: nowMs, list: &List{}}
	envelope, err := os.ReadFile(s.path)
	if err != nil {
		return s
	}
	if list, err := s.open(envelope); err == nil {
		s.list = list
	}
	return s
}

// Apply takes a newer list, an envelope encoded as it came, and reports whether
// it did. What is refused changes nothing; the list that is held is no error.
func (s *Signatures) Apply(envelope []byte) (changed bool, err error) {
	next, err := s.open(envelope)
	s.mu.Lock()
	switch {
	case err != nil:
	case s.nowMs() >= next.ExpiresMs:
		err = trust.ErrExpired
	case next.Version == s.list.Version: // changed stays false
	case next.Version < s.list.Version:
		err = trust.ErrOlder
	default:
		if err = atomicfile.Write(s.path, envelope, fileMode); err == nil {
			s.list, changed = next, true
		}
	}
	s.mu.Unlock()
	return changed, err
}

// open verifies an encoded envelope and reads its list.
func (s *Signatures) open(b []byte) (*List, error) {
	if len(b) > maxBytes {
		return nil, ErrBounds
	}
	err := signed.ErrKey
	for _, key := range s.keys {
		var list wire.SignatureList
		if err = policy.Open(b, signed.RMM, key, &list); err == nil {
			return parse(&list)
		}
	}
	return nil, err
}

// Version is that of the list that is held, 0 without one.
func (s *Signatures) Version() uint64 {
	list, _ := s.Held()
	return list.Version
}

// Held is the list, one of version 0 before the first, and whether it has
// expired. Callers do not change it.
func (s *Signatures) Held() (list *List, expired bool) {
	s.mu.Lock()
	list = s.list
	s.mu.Unlock()
	return list, s.nowMs() >= list.ExpiresMs
}
