package winapi

import (
	"context"
	"time"
	"unsafe"
)

const (
	scConnect     = 0x0001 // SC_MANAGER_CONNECT
	svQueryConfig = 0x0001
	svChange      = 0x0002
	svQueryStatus = 0x0004
	svStart       = 0x0010
	svStop        = 0x0020

	configDelayed = 3 // SERVICE_CONFIG_DELAYED_AUTO_START_INFO
	configTrigger = 8 // SERVICE_CONFIG_TRIGGER_INFO

	alreadyRunning Code = 1056
	notActive      Code = 1062
	shortBuffer    Code = 122 // ERROR_INSUFFICIENT_BUFFER

	noChange = 0xffffffff // SERVICE_NO_CHANGE
)

// serviceStatus is SERVICE_STATUS.
type serviceStatus struct {
	kind, state, accepts, exit, specific, checkpoint, hint uint32
}

// QueryService reads a service's or a driver's state and how it starts.
func QueryService(name string) (Service, error) {
	var s Service
	err := withService(name, svQueryStatus|svQueryConfig, func(h uintptr) error {
		state, err := serviceState(name, h)
		if err != nil {
			return err
		}
		s.State = state
		// QUERY_SERVICE_CONFIGW is at most 8 KB (learn.microsoft.com).
		var config [8192]byte
		var need uint32
		r, code := call(advapi32, "QueryServiceConfigW", h, uintptr(unsafe.Pointer(&config[0])), uintptr(len(config)), uintptr(unsafe.Pointer(&need)))
		if r == 0 {
			return fail("QueryServiceConfig", name, code)
		}
		s.Start = *(*uint32)(unsafe.Pointer(&config[4]))
		// Neither is there for drivers and in Wine; then it is neither.
		s.Delayed = serviceFlag(h, configDelayed, config[:])
		s.Trigger = serviceFlag(h, configTrigger, config[:])
		return nil
	})
	return s, err
}

// serviceFlag tells whether the first field of an optional configuration, a
// BOOL or a count, is not 0.
func serviceFlag(h, level uintptr, buffer []byte) bool {
	var need uint32
	clear(buffer[:4])
	r, code := call(advapi32, "QueryServiceConfig2W", h, level, uintptr(unsafe.Pointer(&buffer[0])), uintptr(len(buffer)), uintptr(unsafe.Pointer(&need)))
	if r == 0 {
		return level == configTrigger && code == shortBuffer // so many triggers
	}
	return *(*uint32)(unsafe.Pointer(&buffer[0])) != 0
}

// StartService starts a service and waits until it runs. One that runs is left
// alone.
func StartService(ctx context.Context, name string) error {
	return withService(name, svStart|svQueryStatus, func(h uintptr) error {
		r, code := call(advapi32, "StartServiceW", h, 0, 0)
		if r == 0 && code != alreadyRunning {
			return fail("StartService", name, code)
		}
		return awaitState(ctx, name, h, ServiceRunning)
	})
}

// StopService stops a service and waits until it has. It does not stop others
// that depend on it: then it is an error of Windows.
func StopService(ctx context.Context, name string) error {
	return withService(name, svStop|svQueryStatus, func(h uintptr) error {
		var status serviceStatus
		const control = 1 // SERVICE_CONTROL_STOP
		r, code := call(advapi32, "ControlService", h, control, uintptr(unsafe.Pointer(&status)))
		if r == 0 && code != notActive {
			return fail("ControlService", name, code)
		}
		return awaitState(ctx, name, h, ServiceStopped)
	})
}

// SetServiceStart says when a service starts: StartAutomatic, StartManual or
// StartDisabled.
func SetServiceStart(name string, start uint32) error {
	return withService(name, svChange, func(h uintptr) error {
		r, code := call(advapi32, "ChangeServiceConfigW", h, noChange, uintptr(start), noChange, 0, 0, 0, 0, 0, 0, 0)
		if r == 0 {
			return fail("ChangeServiceConfig", name, code)
		}
		return nil
	})
}

// awaitState polls, because NotifyServiceStatusChange needs an alertable thread.
func awaitState(ctx context.Context, name string, h uintptr, want uint32) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		state, err := serviceState(name, h)
		if err != nil || state == want {
			return err
		}
		select {
		case <-ctx.Done():
			return fail("QueryServiceStatus", name, TimedOut)
		case <-tick.C:
		}
		if want == ServiceRunning && state == ServiceStopped {
			// It was started and stopped at once.
			return fail("StartService", name, 1067) // ERROR_PROCESS_ABORTED
		}
	}
}

func serviceState(name string, h uintptr) (uint32, error) {
	var status serviceStatus
	r, code := call(advapi32, "QueryServiceStatus", h, uintptr(unsafe.Pointer(&status)))
	if r == 0 {
		return 0, fail("QueryServiceStatus", name, code)
	}
	return status.state, nil
}

func withService(name string, access uintptr, do func(h uintptr) error) error {
	manager, code := call(advapi32, "OpenSCManagerW", 0, 0, scConnect)
	if manager == 0 {
		return fail("OpenSCManager", "", code)
	}
	defer call(advapi32, "CloseServiceHandle", manager)
	h, code := call(advapi32, "OpenServiceW", manager, uintptr(unsafe.Pointer(wide(name))), access)
	if h == 0 {
		return fail("OpenService", name, code)
	}
	defer call(advapi32, "CloseServiceHandle", h)
	return do(h)
}
