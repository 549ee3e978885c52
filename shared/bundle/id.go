package bundle

import (
	"fmt"
	"strconv"

	"github.com/google/uuid"
)

// namespace of our bundle ids: UUIDv5 of the DNS name bundle.osiris.care.
var namespace = uuid.NewSHA1(uuid.NameSpaceDNS, []byte("bundle.osiris.care"))

// ID names the bundle of an agent's record in a phase. The same record gives
// the same id, which makes a repeated attempt harmless (DESIGN D24).
func ID(agentID, queueID string, seq uint64, phase string) string {
	return IDOf(agentID + "/" + queueID + "/" + strconv.FormatUint(seq, 10) + "/" + phase)
}

// IDOf names a bundle that proves no agent's record, from a key that is unique
// and stable for what it proves, such as "command/<id>/issued".
func IDOf(key string) string { return uuid.NewSHA1(namespace, []byte(key)).String() }

// parseID takes only the lower-case form with hyphens.
func parseID(s string) (uuid.UUID, error) {
	id, err := uuid.Parse(s)
	if err != nil || id.String() != s {
		return uuid.UUID{}, fmt.Errorf("%w: bundle_id %q is not a lower-case UUID", ErrMalformed, clip(s))
	}
	return id, nil
}

// RawID is the 16 bytes of a bundle id.
func RawID(s string) ([16]byte, error) { return parseID(s) }
