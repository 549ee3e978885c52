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
func QueryService(name string) (s Service, err error) {
	c, err := openService(name, svQueryStatus|svQueryConfig)
	if err != nil {
		return s, err
	}
	// QUERY_SERVICE_CONFIGW is at most 8 KB (learn.microsoft.com).
	config := new([8192]byte)
	var need uint32
	if s.State, err = c.state(); err == nil {
		err = try(givesBool, advapi32, "QueryServiceConfigW", name, c.service, uintptr(unsafe.Pointer(config)), uintptr(len(config)), uintptr(unsafe.Pointer(&need)))
		s.Start = *(*uint32)(unsafe.Pointer(&config[4]))
		// Neither is there for drivers and in Wine; then it is neither.
		s.Delayed = c.flag(configDelayed, config)
		s.Trigger = c.flag(configTrigger, config)
	}
	c.close()
	return s, err
}

// StartService starts a service and waits until it runs. One that runs is left
// alone.
func StartService(ctx context.Context, name string) error {
	return changeState(ctx, name, "StartServiceW", svStart, alreadyRunning, ServiceRunning)
}

// StopService stops a service and waits until it has. It does not stop others
// that depend on it: then it is an error of Windows.
func StopService(ctx context.Context, name string) error {
	return changeState(ctx, name, "ControlService", svStop, notActive, ServiceStopped)
}

// changeState calls a function and polls, because NotifyServiceStatusChange needs
// an alertable thread.
func changeState(ctx context.Context, name, function string, access uintptr, fine Code, want uint32) error {
	c, err := openService(name, access|svQueryStatus)
	if err != nil {
		return err
	}
	// The number of arguments for a start is 0, SERVICE_CONTROL_STOP is 1.
	var status *serviceStatus
	control := uintptr(0)
	if want == ServiceStopped {
		status, control = &serviceStatus{}, 1
	}
	r, code := call(advapi32, function, c.service, control, uintptr(unsafe.Pointer(status)))
	if r == 0 && code != fine {
		err = fail(function, name, code)
	}
	for err == nil {
		var state uint32
		if state, err = c.state(); err != nil || state == want {
			break
		}
		select {
		case <-ctx.Done():
			err = fail("QueryServiceStatus", name, TimedOut)
		case <-time.After(100 * time.Millisecond):
			if want == ServiceRunning && state == ServiceStopped {
				// It was started and stopped at once.
				err = fail(function, name, 1067) // ERROR_PROCESS_ABORTED
			}
		}
	}
	c.close()
	return err
}

// SetServiceStart says when a service starts: StartAutomatic, StartManual or
// StartDisabled.
func SetServiceStart(name string, start uint32) error {
	c, err := openService(name, svChange)
	if err == nil {
		err = try(givesBool, advapi32, "ChangeServiceConfigW", name, c.service, noChange, uintptr(start), noChange, 0, 0, 0, 0, 0, 0, 0)
		c.close()
	}
	return err
}

// control is an open service.
type control struct {
	_                [0]func() // no comparison, as of Cell
	name             string
	manager, service uintptr
}

func openService(name string, access uintptr) (*control, error) {
	manager, code := call(advapi32, "OpenSCManagerW", 0, 0, scConnect)
	if manager == 0 {
		return nil, fail("OpenSCManager", "", code)
	}
	c := &control{name: name, manager: manager}
	if c.service, code = call(advapi32, "OpenServiceW", manager, uintptr(unsafe.Pointer(wide(name))), access); c.service == 0 {
		c.close()
		return nil, fail("OpenService", name, code)
	}
	return c, nil
}

// close gives up both; none is fine.
func (c *control) close() {
	call(advapi32, "CloseServiceHandle", c.service)
	call(advapi32, "CloseServiceHandle", c.manager)
}

func (c *control) state() (uint32, error) {
	var status serviceStatus
	err := try(givesBool, advapi32, "QueryServiceStatus", c.name, c.service, uintptr(unsafe.Pointer(&status)))
	return status.state, err
}

// flag tells whether the first field of an optional configuration, a BOOL or a
// count, is not 0.
func (c *control) flag(level uintptr, buffer *[8192]byte) bool {
	var need uint32
	first := (*uint32)(unsafe.Pointer(buffer))
	*first = 0
	r, code := call(advapi32, "QueryServiceConfig2W", c.service, level, uintptr(unsafe.Pointer(buffer)), uintptr(len(buffer)), uintptr(unsafe.Pointer(&need)))
	if r == 0 {
		return level == configTrigger && code == shortBuffer // so many triggers
	}
	return *first != 0
}
