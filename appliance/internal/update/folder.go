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
// offered. A broken one is told once.
func (u *Update) folder(ctx context.Context) *folder {
	u.mu.Lock()
	defer u.mu.Unlock()
	info, err := os.Stat(filepath.Join(u.Dir, bundleFile))
	if err != nil {
		u.held, u.stamp = nil, stamp{}
		return nil // there may never be one
	}
	seen := stamp{info.ModTime(), info.Size()}
	if seen == u.stamp && u.now().Before(u.until) {
		return u.held
	}
	u.stamp, u.until = seen, u.now().Add(rejudge)
	next, err := u.read(ctx)
	refused := ""
	if err != nil {
		refused = cut(err.Error())
		u.log.ErrorContext(ctx, "update folder refused", "dir", u.Dir, "error", err)
	}
	if err := u.tell(ctx, refused); err != nil {
		u.log.ErrorContext(ctx, "refusal not kept", "error", err)
		u.until = time.Time{} // again with the next question
	}
	u.held = next
	return u.held
}

// rejudge is how often a folder that did not change is judged: what it says
// expires.
const rejudge = time.Hour

// read reads the folder; with an error beside a folder, that is used without
// targets.
func (u *Update) read(ctx context.Context) (*folder, error) {
	encoded, err := readFile(filepath.Join(u.Dir, bundleFile), maxBundle)
	if err != nil {
		return nil, err
	}
	f := &folder{bundle: &trustv1.ReleaseBundle{}, targets: map[string]*trustv1.ReleaseFile{}}
	if err := proto.Unmarshal(encoded, f.bundle); err != nil {
		return nil, fmt.Errorf("reading %s: %w", bundleFile, err)
	}
	if err := u.judge(ctx, encoded, f.bundle); errors.Is(err, release.ErrExpired) {
		return f, err // agents still need its roots
	} else if err != nil {
		return nil, err
	}
	metadata := &trustv1.ReleaseMetadata{}
	if err := proto.Unmarshal(f.bundle.GetTargets().GetPayload(), metadata); err != nil {
		return nil, fmt.Errorf("reading targets: %w", err)
	}
	var wrong error
	for _, t := range metadata.GetFiles() {
		if err := u.verify(t); err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("%s is not offered: %w", t.GetPath(), err))
			continue
		}
		f.targets[t.GetPath()] = t
		u.log.InfoContext(ctx, "target offered", "path", t.GetPath(), "version", t.GetRelease())
	}
	return f, wrong
}

// verify compares a program with what the metadata says of it.
func (u *Update) verify(t *trustv1.ReleaseFile) (err error) {
	if !fs.ValidPath(t.GetPath()) || !filepath.IsLocal(filepath.FromSlash(t.GetPath())) {
		return errors.New("its path leaves the folder")
	}
	f, err := os.Open(filepath.Join(u.Dir, targetsDir, filepath.FromSlash(t.GetPath())))
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
