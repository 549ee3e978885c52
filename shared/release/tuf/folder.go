package tuf

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/osiriscare/osiris/shared/release"
)

// Dir is the folder of metadata in a repository's folder.
const Dir = "metadata"

// maxFile bounds a file of metadata, as shared/release bounds what it says.
const maxFile = 1 << 20

// folder is a repository's; it stands where clients of other repositories have
// the network.
type folder struct{ fs.FS }

// File is the name of a role's metadata; the timestamp has no number, because
// nobody knows it before.
func File(role string, version int64) string {
	if role == metadata.TIMESTAMP {
		return role + ".json"
	}
	return strconv.FormatInt(version, 10) + "." + role + ".json"
}

// read reads a version, or, when there is none, the newest: go-tuf then says what
// is wrong with it.
func (f folder) read(role string, version int64) ([]byte, error) {
	content, err := f.exactly(role, version)
	if !errors.Is(err, fs.ErrNotExist) {
		return content, err
	}
	all, err := f.versions(role)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: there is no %s", release.ErrMalformed, File(role, version))
	}
	return f.exactly(role, all[len(all)-1])
}

func (f folder) exactly(role string, version int64) (content []byte, err error) {
	file, err := f.Open(path.Join(Dir, File(role, version)))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	content, err = io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("%w: %s has more than %d bytes", release.ErrMalformed, File(role, version), maxFile)
	}
	return content, err
}

// versions lists a role's, ascending.
func (f folder) versions(role string) ([]int64, error) {
	entries, err := fs.ReadDir(f, Dir)
	if err != nil {
		return nil, err
	}
	var all []int64
	for _, e := range entries {
		number, ok := strings.CutSuffix(e.Name(), "."+role+".json")
		if n, err := strconv.ParseInt(number, 10, 64); ok && err == nil {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all, nil
}

// anchored is the first root that the anchor's keys and its own signed.
func (f folder) anchored(anchor *release.Keys) ([]byte, error) {
	if anchor == nil {
		return nil, release.ErrUnsigned
	}
	believed := metadata.Root(time.Time{})
	believed.Signed.Roles[metadata.ROOT] = &metadata.Role{KeyIDs: []string{}, Threshold: anchor.Threshold}
	for _, public := range anchor.Public {
		key, err := metadata.KeyFromPublicKey(public)
		if err == nil {
			err = believed.Signed.AddKey(key, metadata.ROOT)
		}
		if err != nil {
			return nil, fmt.Errorf("reading release roots: %w", err)
		}
	}
	all, err := f.versions(metadata.ROOT)
	if err != nil {
		return nil, err
	}
	for _, version := range all {
		content, err := f.exactly(metadata.ROOT, version)
		if err != nil {
			return nil, err
		}
		root, err := metadata.Root().FromBytes(content)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", release.ErrMalformed, File(metadata.ROOT, version), err)
		}
		if believed.VerifyDelegate(metadata.ROOT, root) == nil && root.VerifyDelegate(metadata.ROOT, root) == nil {
			return content, nil
		}
	}
	return nil, fmt.Errorf("%w: no root is signed by the keys that are compiled in", release.ErrUnsigned)
}
