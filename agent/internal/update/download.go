package update

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"

	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/shared/release"
)

// pieceBytes is what is asked for at once.
const pieceBytes = 64 << 10

var (
	// errCut means that the appliance did not answer; the download goes on later.
	errCut = errors.New("the download was cut off")
	// errTampered means bytes that are not the ones that were signed.
	errTampered = errors.New("the program is not the one that was signed")
)

// download fetches what is missing of a program into the part file, which begins
// with the hash of the program it is of. The content is verified by install.
func (u *Update) download(ctx context.Context, c Caller, f *release.File) error {
	path := filepath.Join(u.Folder, partFile)
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	have := uint64(0)
	if b, err := os.ReadFile(path); err == nil && len(b) >= sha256.Size && string(b[:sha256.Size]) == string(f.SHA256) {
		have = uint64(len(b)) - sha256.Size
	} else {
		flags |= os.O_TRUNC
	}
	file, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return err
	}
	if flags&os.O_TRUNC != 0 {
		_, err = file.Write(f.SHA256)
	}
	for err == nil && have < f.Length {
		var piece wire.FetchTargetResponse
		want := min(pieceBytes, f.Length-have)
		cut := call(ctx, c, fetchMethod, &wire.FetchTargetRequest{Path: f.Path, Offset: have, Limit: uint32(want)}, &piece)
		switch n := uint64(len(piece.Content)); {
		case cut != nil:
			err = errors.Join(errCut, cut)
		case n == 0 || n > want:
			err = errTampered
		default:
			_, err = file.Write(piece.Content)
			have += n
		}
	}
	if late := errors.Join(file.Sync(), file.Close()); err == nil {
		err = late
	}
	if err != nil && !errors.Is(err, errCut) {
		_ = os.Remove(path) // a full disk needs the room more than we do
	}
	return err
}
