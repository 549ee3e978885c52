package action

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/check"
)

const (
	sysctlFolder = "etc/sysctl.d"
	sysctlName   = "60-osiris.conf"
	// snapshotLimit bounds the file that is kept; ours has 0.3 KB.
	snapshotLimit = 64 << 10
)

// sysctlHarden writes one file of our own and touches no other. The values count
// from the next boot, or "sysctl --system".
var sysctlHarden = Action{
	Runbook: "linux.sysctl.harden", Check: check.SysctlHardening, Tier: trustlite.Tier_TIER_SELF_HEAL,
	Plan: "Would write /" + sysctlFolder + "/" + sysctlName + ".", Fix: &sysctl{},
}

type sysctl struct{}

func sysctlPath(h *Host) string { return filepath.Join(h.Root, sysctlFolder, sysctlName) }

// A snapshot is one byte (what there was), the mode in four, and the content.
const (
	noFolder byte = iota
	noFile
	oneFile
	snapshotHead = 5
)

func (*sysctl) Snapshot(_ context.Context, h *Host) ([]byte, error) {
	folder, err := os.Lstat(filepath.Dir(sysctlPath(h)))
	if errors.Is(err, os.ErrNotExist) {
		return []byte{noFolder, 0, 0, 0, 0}, nil
	}
	if err != nil {
		return nil, err
	}
	if !folder.IsDir() { // whoever may place a link here could aim us anywhere
		return nil, errors.New("/" + sysctlFolder + " is not a folder")
	}
	info, err := os.Lstat(sysctlPath(h))
	if errors.Is(err, os.ErrNotExist) {
		return []byte{noFile, 0, 0, 0, 0}, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > snapshotLimit {
		return nil, errors.New("/" + sysctlFolder + "/" + sysctlName + " is no ordinary small file")
	}
	content, err := os.ReadFile(sysctlPath(h))
	if err != nil {
		return nil, err
	}
	snapshot := binary.BigEndian.AppendUint32([]byte{oneFile}, uint32(info.Mode().Perm()))
	return append(snapshot, content...), nil
}

func (*sysctl) Apply(_ context.Context, h *Host) (string, error) {
	if err := os.MkdirAll(filepath.Dir(sysctlPath(h)), 0o755); err != nil {
		return "", err
	}
	text := []byte("# Written by osiris-agent, runbook linux.sysctl.harden. Changes here are undone.\n")
	for _, s := range check.SysctlSettings(h.Parameters) {
		text = append(text, s.Key+" = "+s.Value+"\n"...)
	}
	if err := atomicfile.Write(sysctlPath(h), text, 0o644); err != nil {
		return "", err
	}
	return "Wrote /" + sysctlFolder + "/" + sysctlName + ".", nil
}

func (*sysctl) Revert(_ context.Context, h *Host, snapshot []byte) error {
	if len(snapshot) < snapshotHead {
		return errors.New("the snapshot is incomplete")
	}
	path := sysctlPath(h)
	mode := os.FileMode(binary.BigEndian.Uint32(snapshot[1:]))
	switch snapshot[0] {
	case oneFile:
		return atomicfile.Write(path, snapshot[snapshotHead:], mode)
	case noFile:
		return atomicfile.Remove(path)
	case noFolder:
		if _, err := os.Lstat(filepath.Dir(path)); errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err := atomicfile.Remove(path); err != nil {
			return err
		}
		// Others may have used the folder since; then it stays.
		_ = os.Remove(filepath.Dir(path))
		return atomicfile.SyncFolder(filepath.Dir(filepath.Dir(path)))
	}
	return fmt.Errorf("the snapshot has the unknown form %d", snapshot[0])
}
