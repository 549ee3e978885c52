package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/osiriscare/osiris/agent/internal/say"
	"github.com/osiriscare/osiris/agent/internal/service"
	"github.com/osiriscare/osiris/agent/internal/update"
	"github.com/osiriscare/osiris/shared/release"
)

// releaseRoots is stamped by -ldflags "-X main.releaseRoots=2:KEY,KEY,KEY", the
// keys whose signatures this program takes updates by (release.ParseRoots).
// Without it the agent takes none.
var releaseRoots string

// updates makes what replaces this program. Boot comes first: whatever else a new
// version does wrong, it is noticed.
func (a *app) updates() error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	seconds, _ := strconv.ParseInt(built, 10, 64) // a development build is older than all
	folder := filepath.Join(a.config.DataDir, "update")
	if err := update.Boot(folder, exe, seconds); err != nil {
		return err
	}
	roots, err := release.ParseRoots(releaseRoots)
	if err != nil {
		return err
	}
	a.update, err = update.New(update.Deps{
		Folder: folder, Exe: exe, Args: os.Args[1:], Roots: roots, OS: runtime.GOOS, Arch: runtime.GOARCH,
		Version: version, Built: seconds, NowMs: func() int64 { return a.policy.NowMs() }, Log: a.log,
	})
	return err
}

// watchUpdate is the verb watch-update: the old program, during an update.
func watchUpdate(ctx context.Context, o *options) (err error) {
	c, _, err := load(o, os.Stderr)
	if err != nil {
		return err
	}
	folder := filepath.Join(c.DataDir, "update")
	log, err := update.OpenLog(folder)
	if err != nil {
		return err
	}
	w := &update.Watcher{Folder: folder, Lock: filepath.Join(c.DataDir, "lock"), Log: say.New(log, say.LevelInfo)}
	if update.IsService(folder) {
		w.Service = &manager{}
	}
	return w.Run(ctx)
}

// manager is the operating system's service manager.
type manager struct{}

// Start starts the service.
func (*manager) Start(ctx context.Context) error { return service.Start(ctx) }

// Guard says whether the system starts a watcher at boot.
func (*manager) Guard(on bool) error { return service.Guard(on) }
