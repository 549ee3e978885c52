package update

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// detached has no console, whose end would end it (DETACHED_PROCESS).
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{CreationFlags: 0x8} }

// Windows does not replace a program that runs, nor one that a virus scanner has
// just opened.
const (
	replaceTries = 20
	replacePause = 250 * time.Millisecond
)

// replace puts a program in the place of another. One that still runs after a
// while is renamed out of the way: a running program may be renamed, not
// replaced (seen under Wine 8.0 too, 2026-11-22).
func replace(from, to string) error {
	var err error
	for range replaceTries {
		if err = os.Rename(from, to); err == nil {
			return nil
		}
		time.Sleep(replacePause)
	}
	away := beside(to, "away")
	_ = os.Remove(away) // of an earlier time
	if os.Rename(to, away) != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return errors.Join(err, os.Rename(away, to))
	}
	return nil
}
