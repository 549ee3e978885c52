package update

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

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

// part is the file of a download; its name says which program it is of.
func (u *Update) part(f *release.File) string {
	return u.path(hex.EncodeToString(f.SHA256) + ".part")
}

// download fetches what is missing of a program. It is verified by install.
func (u *Update) download(ctx context.Context, c Caller, f *release.File) error {
	u.forget(u.part(f))
	file, err := os.OpenFile(u.part(f), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	err = u.fetch(ctx, c, f, file)
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil && !errors.Is(err, errCut) {
		// A full disk needs the room more than we do.
		err = errors.Join(err, os.Remove(u.part(f)))
	}
	return err
}

func (u *Update) fetch(ctx context.Context, c Caller, f *release.File, file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	have := uint64(info.Size())
	if have > f.Length {
		return errTampered
	}
	for have < f.Length {
		var piece wire.FetchTargetResponse
		want := min(pieceBytes, f.Length-have)
		err := call(ctx, c, fetchMethod, &wire.FetchTargetRequest{Path: f.Path, Offset: have, Limit: uint32(want)}, &piece)
		if err != nil {
			return fmt.Errorf("%w: %w", errCut, err)
		}
		if len(piece.Content) == 0 || uint64(len(piece.Content)) > want {
			return errTampered
		}
		if _, err := file.Write(piece.Content); err != nil {
			return err
		}
		have += uint64(len(piece.Content))
	}
	return nil
}

// forget removes other downloads.
func (u *Update) forget(but string) {
	entries, _ := os.ReadDir(u.Folder) // one that stays costs its bytes only
	for _, e := range entries {
		if path := u.path(e.Name()); strings.HasSuffix(path, ".part") && path != but {
			_ = os.Remove(path)
		}
	}
}
