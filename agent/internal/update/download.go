package update

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"

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
	path := u.path(partFile)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	err = u.fetch(ctx, c, f, file)
	if late := file.Sync(); err == nil {
		err = late
	}
	if late := file.Close(); err == nil {
		err = late
	}
	if err != nil && !errors.Is(err, errCut) {
		_ = os.Remove(path) // a full disk needs the room more than we do
	}
	return err
}

func (u *Update) fetch(ctx context.Context, c Caller, f *release.File, file *os.File) error {
	have, err := resume(file, f)
	for err == nil && have < f.Length {
		var piece wire.FetchTargetResponse
		want := min(pieceBytes, f.Length-have)
		if err := call(ctx, c, fetchMethod, &wire.FetchTargetRequest{Path: f.Path, Offset: have, Limit: uint32(want)}, &piece); err != nil {
			return errors.Join(errCut, err)
		}
		if len(piece.Content) == 0 || uint64(len(piece.Content)) > want {
			return errTampered
		}
		_, err = file.Write(piece.Content)
		have += uint64(len(piece.Content))
	}
	return err
}

// resume says how much of the program is there, and goes to its end. What is of
// another program is cut off.
func resume(file *os.File, f *release.File) (uint64, error) {
	head := make([]byte, sha256.Size)
	n, _ := file.Read(head)
	end, err := file.Seek(0, io.SeekEnd)
	if have := uint64(end) - sha256.Size; n == len(head) && string(head) == string(f.SHA256) && have <= f.Length {
		return have, err
	}
	if err = file.Truncate(0); err == nil {
		_, err = file.WriteAt(f.SHA256, 0)
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekEnd)
	}
	return 0, err
}
