package probe

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/osiriscare/osiris/agent/internal/command"
	"github.com/osiriscare/osiris/shared/check"
)

// platform is what a probe keeps between readings.
type platform struct {
	low marks // of disk_space, which one reader at a time uses
}

// Checks are those that this system has readers for.
func Checks() []check.ID {
	ids := []check.ID{check.DiskSpace, check.RMMDetection}
	for i := range macTable {
		if id := macTable[i].id; id != ids[len(ids)-1] { // a check's sources stand together
			ids = append(ids, id)
		}
	}
	return ids
}

func (p *Probe) reader(id check.ID) func(context.Context) (check.Facts, error) {
	switch id {
	case check.DiskSpace:
		return p.readDisk
	case check.RMMDetection:
		return p.readRMM
	}
	for i := range macTable {
		if macTable[i].id == id {
			return func(ctx context.Context) (check.Facts, error) { return p.readMac(ctx, id) }
		}
	}
	return nil
}

func (p *Probe) readMac(ctx context.Context, id check.ID) (check.Facts, error) {
	if !p.live() {
		return nil, errors.New("the settings of another root cannot be asked for")
	}
	version, err := syscall.Sysctl("kern.osproductversion")
	if err != nil {
		return nil, os.NewSyscallError("sysctl", err)
	}
	m := mac{thisMac{}, version, time.Now()}
	facts, err := m.read(ctx, id)
	if err == nil && id == check.TimeSync {
		p.readOffset(ctx, &facts)
	}
	return facts, err
}

// readOffset asks the appliance, then Apple, whom a Mac follows unless it was
// told otherwise. Without an answer the setting alone is judged.
func (p *Probe) readOffset(ctx context.Context, facts *check.Facts) {
	servers := []string{"time.apple.com:" + ntpPort}
	if addOffset(facts, check.FactClockOffset, p.Clock) {
		return
	}
	if err := askFirst(ctx, facts, check.FactClockOffset, servers, askTime); err != nil {
		facts.Add(check.FactClockOffset+check.ErrorSuffix, err.Error())
	}
}

// thisMac is the running system.
type thisMac struct{}

func (thisMac) run(ctx context.Context, c *command.Command, user uint32) ([]byte, error) {
	return command.RunFor(ctx, c, user)
}

func (thisMac) written(path string) (time.Time, error) {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

// console is who owns the screen: loginwindow gives /dev/console to that user.
func (thisMac) console() (uint32, error) {
	var s syscall.Stat_t
	if err := syscall.Stat("/dev/console", &s); err != nil {
		return 0, &os.PathError{Op: "stat", Path: "/dev/console", Err: err}
	}
	return s.Uid, nil
}
