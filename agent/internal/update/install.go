package update

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/osiriscare/osiris/shared/release"
)

// tryLimit is how long the new program may take to read the configuration.
const tryLimit = time.Minute

// reached is told each step; a test ends the process there.
var reached = func(string) {}

// beside is a name beside the program: osiris-agent.new, osiris-agent.new.exe.
func beside(exe, mark string) string {
	base, isExe := strings.CutSuffix(exe, ".exe")
	if isExe {
		mark += ".exe"
	}
	return base + "." + mark
}

// install stages a program that was downloaded and hands over to the watcher. It
// returns ErrRestart, or why the program cannot be installed; then nothing has
// changed.
func (u *Update) install(ctx context.Context, j *journal, f *release.File) error {
	fresh := beside(u.Exe, "new")
	err := u.stage(ctx, f, fresh)
	if err == nil {
		reached("staged")
		_, err = copyFile(u.Exe, beside(u.Exe, "old"), 0)
	}
	if err == nil {
		reached("copied")
		err = u.ready(j, f)
	}
	if err != nil {
		// A full disk needs the room more than we do.
		_, _, _ = os.Remove(u.path(partFile)), os.Remove(fresh), os.Remove(beside(u.Exe, "old"))
		return err
	}
	reached("ready")
	_ = os.Remove(u.path(partFile))
	if err := wake(u.Folder, j); err != nil {
		j.phase = idle
		return errors.Join(err, j.save(u.Folder))
	}
	u.Log.Info("update staged", "version", f.Release)
	return ErrRestart
}

// stage copies the program beside its own, verifies the copy, and tries it.
func (u *Update) stage(ctx context.Context, f *release.File, fresh string) error {
	sum, err := copyFile(u.path(partFile), fresh, sha256.Size)
	if err != nil {
		return err
	}
	if string(sum) != string(f.SHA256) {
		return errTampered
	}
	ctx, cancel := context.WithTimeout(ctx, tryLimit)
	defer cancel()
	if err := try(ctx, fresh, verb("validate", u.Args)); err != nil {
		return fmt.Errorf("the program does not work here: %w", err)
	}
	return nil
}

func (u *Update) ready(j *journal, f *release.File) error {
	if err := clean(u.Folder); err != nil {
		return err
	}
	if err := writePid(u.Folder); err != nil {
		return err
	}
	j.phase, j.sha, j.built, j.exe, j.args, j.id = ready, f.SHA256, f.Built, u.Exe, u.Args, make([]byte, 16)
	if _, err := rand.Read(j.id); err != nil {
		return err
	}
	if err := j.save(u.Folder); err != nil {
		j.phase = idle
		return err
	}
	return nil
}

// verb is a command line with another verb and the same options.
func verb(name string, args []string) []string {
	return append([]string{name}, args[min(1, len(args)):]...)
}

// copyFile copies a program durably, from an offset on, and gives the SHA-256 of
// what it wrote.
func copyFile(from, to string, offset int64) ([]byte, error) {
	in, err := os.Open(from)
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // only read
	if _, err := in.Seek(offset, io.SeekStart); err != nil {
		return nil, err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	buf := make([]byte, pieceBytes)
	for err == nil {
		var n int
		n, err = in.Read(buf)
		sum.Write(buf[:n])
		if _, failed := out.Write(buf[:n]); failed != nil {
			err = failed
		}
	}
	if err == io.EOF { //nolint:errorlint // Read gives it bare
		err = nil
	}
	err = errors.Join(err, out.Chmod(0o755), out.Sync(), out.Close())
	return sum.Sum(nil), err
}

// sumOf is the SHA-256 of a file, nil when it cannot be read.
func sumOf(path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close() //nolint:errcheck // only read
	sum := sha256.New()
	buf := make([]byte, pieceBytes)
	for {
		n, err := f.Read(buf)
		sum.Write(buf[:n])
		if err == io.EOF { //nolint:errorlint // Read gives it bare
			return sum.Sum(nil)
		}
		if err != nil {
			return nil
		}
	}
}
