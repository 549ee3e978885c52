package service

import (
	"context"
	"errors"
	"os"
	"unsafe"

	"github.com/osiriscare/osiris/agent/internal/winapi"
)

// Rights and settings of winsvc.h.
const (
	managerConnectCreate = 0x3
	allAccess            = 0xf01ff
	ownProcess           = 0x10
	autoStart            = 2
	demandStart          = 3
	noChange             = 0xffffffff
	errorNormal          = 1

	configDescription = 1
	configFailure     = 2
	configDelayed     = 3
	configFailureFlag = 4
)

// eventKey names our messages' texts: those of EventCreate.exe, which comes with
// Windows, are whatever the writer says.
const eventKey = `HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\` + Name

// Program is where Install expects the program.
func Program() string {
	folder := os.Getenv("ProgramFiles")
	if folder == "" {
		folder = `C:\Program Files`
	}
	return folder + `\Osiris\osiris-agent.exe`
}

// open gives a handle of a service, 0 when it is not there. Handles end with
// the process, which is that of one verb.
func open(name string) (manager, h uintptr, err error) {
	if manager, err = call("OpenSCManagerW", 0, 0, managerConnectCreate); err == nil {
		h, _ = call("OpenServiceW", manager, uintptr(wide(name)), allAccess) // what is wrong, the next call finds, too
	}
	return manager, h, err
}

// Install makes Windows start the program at boot; it does not start it.
func Install(_ context.Context, program string, args ...string) error {
	h, err := define(Name, title, autoStart, program, args)
	if err != nil {
		return err
	}
	configure(h)
	return errors.Join(
		winapi.RegSetString(eventKey, "EventMessageFile", os.Getenv("SystemRoot")+`\System32\EventCreate.exe`),
		winapi.RegSetDWORD(eventKey, "TypesSupported", 7))
}

// InstallWatch makes the system start the watcher of an update at boot, if there
// is one under way; a power cut ends the one that was started with it. program
// is the copy of the old program.
func InstallWatch(program string, args ...string) error {
	_, err := define(watchName, watchTitle, demandStart, program, args)
	return err
}

// Guard makes Windows start the watcher at boot, or not: it would tell every boot
// that the program is missing.
func Guard(on bool) error {
	start := uintptr(demandStart)
	if on {
		start = autoStart
	}
	_, h, err := open(watchName)
	if err == nil {
		_, err = call("ChangeServiceConfigW", h, noChange, start, noChange, 0, 0, 0, 0, 0, 0, 0)
	}
	return err
}

// define creates a service or changes it.
func define(name, title string, start uintptr, program string, args []string) (h uintptr, err error) {
	line := `"` + program + `"` // no path of Windows has a quote in it
	for _, a := range args {
		line += ` "` + a + `"`
	}
	manager, h, err := open(name)
	switch {
	case err != nil:
	case h == 0:
		h, err = call("CreateServiceW", manager, uintptr(wide(name)), uintptr(wide(title)), allAccess, ownProcess, start, errorNormal,
			uintptr(wide(line)), 0, 0, 0, 0, 0)
	default:
		_, err = call("ChangeServiceConfigW", h, ownProcess, start, errorNormal, uintptr(wide(line)), 0, 0, 0, 0, 0, uintptr(wide(title)))
	}
	return h, err
}

// configure sets what a service can do without: Wine 8 refuses some of it, and
// none is worth an installation.
func configure(h uintptr) {
	set := func(level uintptr, value unsafe.Pointer) {
		_, _ = call("ChangeServiceConfig2W", h, level, uintptr(value))
	}
	text := wide(about)
	set(configDescription, unsafe.Pointer(&text))
	// Started again after 5 s, 30 s and then every 2 minutes; a day without a fall
	// begins anew. SC_ACTION: 1 is restart, then milliseconds.
	actions := [...]uint32{1, 5000, 1, 30000, 1, 120000}
	failure := struct {
		reset            uint32
		message, command uintptr
		count            uint32
		actions          *uint32
	}{reset: 86400, count: uint32(len(actions) / 2), actions: &actions[0]}
	set(configFailure, unsafe.Pointer(&failure))
	yes := uint32(1)
	set(configFailureFlag, unsafe.Pointer(&yes)) // also when it stops with an error
	set(configDelayed, unsafe.Pointer(&yes))     // boot has enough to do
}

// Remove stops the service and makes Windows forget it and its event source.
func Remove(ctx context.Context) error {
	if err := Stop(ctx); err != nil {
		return err
	}
	var err error
	for _, name := range []string{Name, watchName} {
		_, h, openErr := open(name)
		if err = errors.Join(err, openErr); h != 0 {
			_, deleteErr := call("DeleteService", h)
			err = errors.Join(err, deleteErr)
		}
	}
	const local = 0x80000002                                                     // HKEY_LOCAL_MACHINE
	_, _ = call("RegDeleteTreeW", local, uintptr(wide(eventKey[len(`HKLM\`):]))) // gives 0 when it works
	return err
}

// Start starts the service and waits until it runs.
func Start(ctx context.Context) error { return winapi.StartService(ctx, Name) }

// Stop stops the service and waits until it has; one that is not there is
// stopped.
func Stop(ctx context.Context) error {
	err := winapi.StopService(ctx, Name)
	if errors.Is(err, winapi.ErrNotExist) {
		return nil
	}
	return err
}
