package release

import (
	"crypto/sha256"
)

// Role is a role of The Update Framework, as trust.v1.ReleaseRole numbers it.
type Role uint64

// The roles, in the order in which they are taken.
const (
	Root      Role = 1
	Timestamp Role = 2
	Snapshot  Role = 3
	Targets   Role = 4
	roles     Role = 5
)

// String is the role's name, as TUF has it.
func (r Role) String() string {
	switch r {
	case Root:
		return "root"
	case Timestamp:
		return "timestamp"
	case Snapshot:
		return "snapshot"
	case Targets:
		return "targets"
	}
	return "role"
}

// Limits of what one document may hold: far above what a repository needs.
const (
	maxSignatures = 16
	maxKeys       = 16
	maxFiles      = 1024
)

// File is a program, or metadata, by content.
type File struct {
	Path              string
	Version, Length   uint64
	SHA256            []byte
	OS, Arch, Release string
	Built             int64 // Unix seconds
}

// document is one role's metadata with its signatures.
type document struct {
	raw        []byte // encoded trust.v1.SignedRelease
	payload    []byte
	signatures []signature

	role      Role
	version   uint64
	expiresMs int64
	keys      [roles]*Keys // root only
	files     []*File
}

// signature is one key's.
type signature struct{ keyID, value []byte }

// open decodes a document of a role and checks its shape, no signature.
func open(raw []byte, want Role) (*document, error) {
	d := &document{raw: append([]byte(nil), raw...)}
	if !decode(d.raw, (*signedRelease)(d)) || !decode(d.payload, (*metadata)(d)) ||
		d.role != want || d.version == 0 || len(d.signatures) > maxSignatures || len(d.files) > maxFiles {
		return nil, ErrMalformed
	}
	for role := Root; role < roles; role++ {
		if want == Root && !d.keys[role].valid() {
			return nil, ErrMalformed
		}
	}
	if (want == Timestamp || want == Snapshot) && (len(d.files) != 1 || d.files[0].Path != (want+1).String()) {
		return nil, ErrMalformed
	}
	for _, f := range d.files {
		if len(f.SHA256) != sha256.Size {
			return nil, ErrMalformed
		}
	}
	return d, nil
}

// signedBy tells whether enough of the keys signed the document.
func (d *document) signedBy(keys *Keys) error {
	return keys.verify(d.payload, d.signatures)
}

// isNamedBy tells whether above names exactly these bytes.
func (d *document) isNamedBy(above *document) bool {
	sum := sha256.Sum256(d.payload)
	f := above.files[0]
	return f.Length == uint64(len(d.payload)) && string(f.SHA256) == string(sum[:])
}
