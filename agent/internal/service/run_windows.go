package service

import (
	"context"
	"runtime"
	"syscall"
	"unsafe"
)

// States and controls of winsvc.h.
const (
	stateStopped     = 1
	stateStopPending = 3
	stateRunning     = 4

	controlStop        = 1
	controlInterrogate = 4
	controlShutdown    = 5

	acceptStopShutdown = 1 | 4
	stopHint           = 30000 // ms that stopping may take

	specificError      = 1066 // ERROR_SERVICE_SPECIFIC_ERROR: the code is ours
	errNotImplemented  = 120
	serviceStatusBytes = 7
)

// process is this process as a service. Windows calls back without saying for
// whom, so there is one.
var process struct {
	handle uintptr
	stop   context.CancelFunc
	begun  chan struct{} // closed when Windows has begun the service
	over   chan struct{} // closed when it has been told that we stopped
}

// Run runs work as the service until Windows stops it. The service counts as
// failed, and is started again, when work gives an error.
func Run(ctx context.Context, work func(context.Context) error) error {
	ctx, process.stop = context.WithCancel(ctx)
	defer process.stop()
	process.begun, process.over = make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go dispatch(ended)
	select {
	case err := <-ended:
		return err // from a shell: the service controller is not our parent
	case <-process.begun:
	}
	err := work(ctx)
	code := uint32(0)
	if err != nil {
		code = 1
	}
	report(stateStopped, code)
	close(process.over)
	<-ended
	return err
}

// dispatch gives its thread to Windows until the service has stopped.
func dispatch(ended chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	table := [2]struct {
		name unsafe.Pointer
		main uintptr
	}{{wide(Name), syscall.NewCallback(serviceMain)}}
	_, err := call("StartServiceCtrlDispatcherW", uintptr(unsafe.Pointer(&table)))
	ended <- err
}

// serviceMain is called by Windows on a thread of its own.
func serviceMain(_, _ uintptr) uintptr {
	process.handle, _ = call("RegisterServiceCtrlHandlerExW", uintptr(wide(Name)), syscall.NewCallback(control), 0)
	report(stateRunning, 0)
	close(process.begun)
	<-process.over
	return 0
}

func control(code, _, _, _ uintptr) uintptr {
	switch code {
	case controlStop, controlShutdown:
		report(stateStopPending, 0)
		process.stop()
	case controlInterrogate:
	default:
		return errNotImplemented
	}
	return 0
}

// report tells Windows where the service is: SERVICE_STATUS. A report that fails
// has nobody to be told.
func report(state, code uint32) {
	status := [serviceStatusBytes]uint32{0: ownProcess, 1: state}
	switch {
	case state == stateRunning:
		status[2] = acceptStopShutdown
	case state == stateStopPending:
		status[6] = stopHint
	case code != 0:
		status[3], status[4] = specificError, code
	}
	_, _ = call("SetServiceStatus", process.handle, uintptr(unsafe.Pointer(&status)))
}
