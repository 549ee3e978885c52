package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/osiriscare/osiris/shared/logproof"
)

// known is a verified checkpoint that is in no proof.
type known struct {
	file string
	logproof.Opened
}

// beside is a checkpoint beside the tiles of an epoch, before its keys are known.
type beside struct {
	file       string
	epoch      string
	checkpoint []byte
}

// tiles reads tlog/<epoch>/checkpoint. The tiles themselves are not judged.
func (t *treeVerifier) tiles() {
	dir := filepath.Join(t.Dir, DirTiles)
	if info, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return
	}
	epochs, err := folders(dir)
	if err != nil {
		t.problem(DirTiles, "cannot be read: "+err.Error())
		return
	}
	for _, epoch := range epochs {
		if number, err := strconv.ParseUint(epoch, 10, 64); err != nil || strconv.FormatUint(number, 10) != epoch {
			t.note("%s: does not belong into an export, not looked at", filepath.Join(DirTiles, epoch))
			continue
		}
		file := filepath.Join(DirTiles, epoch, "checkpoint")
		info, err := os.Lstat(filepath.Join(t.Dir, file))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it is written last
		}
		var checkpoint []byte
		if err == nil && !info.Mode().IsRegular() {
			err = errors.New("it is not a plain file")
		}
		if err == nil {
			checkpoint, err = readFile(filepath.Join(t.Dir, file))
		}
		if err != nil {
			t.problem(file, "cannot be read: "+err.Error())
			continue
		}
		t.beside = append(t.beside, beside{file, epoch, checkpoint})
	}
}

// before notes what entry 0 of a log says of the one before it.
func (t *treeVerifier) before(folder string, l *logged) {
	if l.last == nil {
		return
	}
	t.known = append(t.known, known{filepath.Join(folder, FileJSON), *l.last})
	if kept := l.bundle.Epoch.KeptSize; kept < l.last.Size {
		t.note("%s ended: from entry %d to %d only the witness has those it cosigned, the appliance logged its own again in %s",
			l.last.Origin, kept, l.last.Size-1, l.entry.Origin)
	}
}

// stateKnown gives the logs the checkpoints that are in no proof. It comes after
// all folders, whose trust documents name the keys.
func (t *treeVerifier) stateKnown() {
	for _, b := range t.beside {
		opened, err := t.keys.open(b.checkpoint)
		switch {
		case errors.Is(err, errNoKey):
			t.note("%s: %s, not judged", b.file, err)
			continue
		case err != nil:
			t.problem(b.file, err.Error())
			continue
		}
		if _, epoch, err := logproof.ParseOrigin(opened.Origin); err != nil || strconv.FormatUint(epoch, 10) != b.epoch {
			t.problem(b.file, fmt.Sprintf("is the checkpoint of %s", opened.Origin))
			continue
		}
		t.known = append(t.known, known{b.file, opened})
	}
	for _, k := range t.known {
		t.view(k.Origin).state(k.file, k.Checkpoint, len(k.Cosigned) > 0, t.problem)
	}
}
