package translog

import "github.com/osiriscare/osiris/shared/logproof"

// Record is a signed bundle on its way into the log.
type Record struct {
	ID         [16]byte
	Day        int64  // days since 1970
	Bundle     []byte // bundle.json
	Sig        []byte // bundle.sig
	bundleHash logproof.Hash
	sigHash    logproof.Hash
}

// NewRecord hashes the files, so that the callers share that work, not the
// writer.
func NewRecord(id [16]byte, day int64, bundle, sig []byte) Record {
	return Record{id, day, bundle, sig, logproof.HashOf(bundle), logproof.HashOf(sig)}
}

// BundleHash is the SHA-256 of bundle.json.
func (r *Record) BundleHash() logproof.Hash { return r.bundleHash }

// Ack says where a record is, durably and under a checkpoint.
type Ack struct {
	Epoch  uint64
	Origin string
	Index  uint64
	// Bundle is the hash of the bundle.json that the log holds under the
	// record's id. It differs from the record's own when the id was taken by
	// other bytes: then the log has not changed.
	Bundle logproof.Hash
	Repeat bool // the id was in the log already
}

// Row is an entry with its files.
type Row struct {
	Epoch    uint64
	Position uint64
	Day      int64
	ID       [16]byte
	Entry    []byte
	Sig      []byte
	Bundle   []byte
}
