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

// names are the roles' names, as TUF has them.
var names = [roles]string{"role", "root", "timestamp", "snapshot", "targets"}

// String is the role's name.
func (r Role) String() string { return names[r%roles] }

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

	signature []byte // when it stands for a signature
}

// document is one role's metadata with its signatures.
type document struct {
	raw        []byte // encoded trust.v1.SignedRelease
	payload    []byte
	signatures []*File

	role      Role
	version   uint64
	expiresMs int64
	keys      [roles]*Keys // root only
	files     []*File
}

// open decodes a document of a role and checks its shape, no signature. The fields
// are those of trust.v1.SignedRelease and of what it holds.
func open(raw []byte, want Role) (*document, error) {
	d := &document{raw: append([]byte(nil), raw...)}
	ok := true
	var f field
	for b := d.raw; ok && len(b) > 0; {
		f, b = next(b)
		ok = f.num != 0
		switch f.num {
		case 1:
			d.payload = f.content
		case 2:
			s := &File{}
			ok = s.decode(f.content)
			d.signatures = append(d.signatures, s)
		}
	}
	for b := d.payload; ok && len(b) > 0; {
		f, b = next(b)
		ok = f.num != 0
		switch f.num {
		case 1:
			d.role = Role(f.value)
		case 2:
			d.version = f.value
		case 3:
			d.expiresMs = int64(f.value)
		case 4:
			ok = ok && d.takeKeys(f.content)
		case 5:
			file := &File{}
			ok = file.decode(f.content)
			d.files = append(d.files, file)
		}
	}
	ok = ok && d.role == want && d.version != 0 && len(d.signatures) <= maxSignatures && len(d.files) <= maxFiles
	for role := Root; want == Root && role < roles; role++ {
		ok = ok && d.keys[role].valid()
	}
	if want == Timestamp || want == Snapshot {
		ok = ok && len(d.files) == 1 && d.files[0].Path == (want+1).String()
	}
	for _, f := range d.files {
		ok = ok && len(f.SHA256) == sha256.Size
	}
	if !ok {
		return nil, ErrMalformed
	}
	return d, nil
}

// takeKeys decodes a trust.v1.ReleaseKeys.
func (d *document) takeKeys(b []byte) bool {
	var f field
	role, k := Role(0), &Keys{}
	for len(b) > 0 {
		f, b = next(b)
		switch f.num {
		case 0:
			return false
		case 1:
			role = Role(f.value)
		case 2:
			k.Threshold = int(min(f.value, 1<<10))
		case 3:
			k.Public = append(k.Public, f.content)
		}
	}
	if role == 0 || role >= roles || d.keys[role] != nil {
		return false
	}
	d.keys[role] = k
	return true
}

// decode decodes a trust.v1.ReleaseFile. A trust.v1.ReleaseSignature is taken for
// one, too: its key id is the Path, its signature the signature.
func (file *File) decode(b []byte) bool {
	var f field
	for len(b) > 0 {
		f, b = next(b)
		switch f.num {
		case 0:
			return false
		case 1:
			file.Path = string(f.content)
		case 2:
			file.Version, file.signature = f.value, f.content
		case 3:
			file.Length = f.value
		case 4:
			file.SHA256 = f.content
		case 5:
			file.OS = string(f.content)
		case 6:
			file.Arch = string(f.content)
		case 7:
			file.Release = string(f.content)
		case 8:
			file.Built = int64(f.value)
		}
	}
	return true
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
