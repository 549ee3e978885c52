package update

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/protobuf/proto"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/release"
)

// Names in the folder.
const (
	bundleFile = "agent.bundle" // a trust.v1.ReleaseBundle with all roots
	targetsDir = "targets"
)

// maxBundle bounds the metadata: agents take messages up to 1 MB.
const maxBundle = 512 << 10

// folder is what the folder held when it was read last.
type folder struct {
	bundle  *trustv1.ReleaseBundle
	targets map[string]*trustv1.ReleaseFile // by path, with a good file each
}

// stamp tells one state of the folder from another. The release tool writes the
// bundle last.
type stamp struct {
	modified time.Time
	size     int64
}

// folder gives the newest state of the folder, nil when there is none that can be
// offered. A broken one is logged once.
func (u *Update) folder(ctx context.Context) *folder {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.now()
	if !u.looked.IsZero() && now.Sub(u.looked) < lookEvery {
		return u.held
	}
	u.looked = now
	info, err := os.Stat(filepath.Join(u.cfg.Dir, bundleFile))
	if err != nil {
		u.held, u.stamp = nil, stamp{}
		return nil // there may never be one
	}
	seen := stamp{info.ModTime(), info.Size()}
	if seen == u.stamp {
		return u.held
	}
	u.stamp = seen
	next, err := u.read(ctx)
	if err != nil {
		u.log.ErrorContext(ctx, "update folder not used", "dir", u.cfg.Dir, "error", err)
	}
	if next != nil {
		u.held = next
	}
	return u.held
}

// read reads the folder; with an error beside a folder, that is used without
// targets.
func (u *Update) read(ctx context.Context) (*folder, error) {
	encoded, err := readFile(filepath.Join(u.cfg.Dir, bundleFile), maxBundle)
	if err != nil {
		return nil, err
	}
	f := &folder{bundle: &trustv1.ReleaseBundle{}, targets: map[string]*trustv1.ReleaseFile{}}
	if err := proto.Unmarshal(encoded, f.bundle); err != nil {
		return nil, fmt.Errorf("reading %s: %w", bundleFile, err)
	}
	if u.cfg.Roots != nil {
		trusted, err := release.Open(u.cfg.Roots, nil)
		if err == nil {
			err = trusted.Update(encoded, u.now().UnixMilli())
		}
		if errors.Is(err, release.ErrExpired) {
			return f, err // agents still need its roots
		}
		if err != nil {
			return nil, err
		}
	}
	metadata := &trustv1.ReleaseMetadata{}
	if err := proto.Unmarshal(f.bundle.GetTargets().GetPayload(), metadata); err != nil {
		return nil, fmt.Errorf("reading targets: %w", err)
	}
	for _, t := range metadata.GetFiles() {
		if err := u.verify(t); err != nil {
			u.log.ErrorContext(ctx, "target not offered", "path", t.GetPath(), "error", err)
			continue
		}
		f.targets[t.GetPath()] = t
		u.log.InfoContext(ctx, "target offered", "path", t.GetPath(), "version", t.GetRelease())
	}
	return f, nil
}

// verify compares a program with what the metadata says of it.
func (u *Update) verify(t *trustv1.ReleaseFile) (err error) {
	if !fs.ValidPath(t.GetPath()) || !filepath.IsLocal(filepath.FromSlash(t.GetPath())) {
		return errors.New("its path leaves the folder")
	}
	f, err := os.Open(filepath.Join(u.cfg.Dir, targetsDir, filepath.FromSlash(t.GetPath())))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(f, int64(t.GetLength())+1)) //nolint:gosec // a signed length
	if err != nil {
		return err
	}
	if uint64(n) != t.GetLength() || string(sum.Sum(nil)) != string(t.GetSha256()) { //nolint:gosec // never negative
		return errors.New("its content is not what was signed")
	}
	return nil
}

// since is the bundle without the roots that the agent holds.
func (f *folder) since(root uint64) *trustv1.ReleaseBundle {
	b := &trustv1.ReleaseBundle{Timestamp: f.bundle.GetTimestamp(), Snapshot: f.bundle.GetSnapshot(), Targets: f.bundle.GetTargets()}
	for _, r := range f.bundle.GetRoots() {
		m := &trustv1.ReleaseMetadata{}
		if proto.Unmarshal(r.GetPayload(), m) == nil && m.GetVersion() > root {
			b.Roots = append(b.Roots, r)
		}
	}
	return b
}

// newest is the newest program for the agent, nil when its own is.
func (f *folder) newest(a asker) *trustv1.ReleaseFile {
	var best *trustv1.ReleaseFile
	for _, t := range f.targets {
		if t.GetOs() == a.os && t.GetArch() == a.arch && t.GetBuilt() > max(a.built, best.GetBuilt()) {
			best = t
		}
	}
	return best
}

// readFile reads a file of at most limit bytes.
func readFile(path string, limit int64) (content []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	content, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%s has more than %d bytes", path, limit)
	}
	return content, err
}

// name is how a program is spoken of.
func name(sum []byte) string { return hex.EncodeToString(sum) }
