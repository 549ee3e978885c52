package update

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
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

// Old is where the copy of a program lies while a new one is on trial.
func Old(exe string) string { return beside(exe, "old") }

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

// copyFile copies a program durably, without the first bytes, and gives the SHA-256
// of what it copied. Without a name to copy to it only gives that.
func copyFile(from, to string, without int) (sum []byte, err error) {
	b, err := os.ReadFile(from)
	if err != nil || len(b) < without {
		return nil, err
	}
	b = b[without:]
	hash := sha256.Sum256(b)
	if to == "" {
		return hash[:], nil
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return nil, err
	}
	_, err = out.Write(b)
	return hash[:], errors.Join(err, atomicfile.Permit(out, 0o755), out.Sync(), out.Close())
}

// holds tells whether the file at path is the program sum.
func holds(path string, sum []byte) bool {
	got, _ := copyFile(path, "", 0)
	return got != nil && string(got) == string(sum)
}
