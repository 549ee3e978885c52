package fakewbem

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"
)

// classLocator is WbemLocator (wbemcli.h).
var classLocator = guid{0x4590f811, 0x1d3a, 0x11d0, [8]byte{0x89, 0x1f, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24}}

var (
	ole32               = syscall.NewLazyDLL("ole32.dll")
	initialize          = ole32.NewProc("CoInitializeEx")
	uninitialize        = ole32.NewProc("CoUninitialize")
	registerClassObject = ole32.NewProc("CoRegisterClassObject")
	revokeClassObject   = ole32.NewProc("CoRevokeClassObject")
)

// factory makes locators; a locator is what it made.
type factory struct {
	head
	connect func(namespace string) (*Services, uint32)
}

type locator struct {
	head
	connect func(namespace string) (*Services, uint32)
}

// Serve takes the place of Windows' locator for whoever asks COM for one in this
// process, until stop. connect gives a namespace, or a code.
func Serve(connect func(namespace string) (*Services, uint32)) (stop func() error, err error) {
	ended := make(chan error)
	started, quit := make(chan struct{}), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		ended <- serve(&factory{connect: connect}, started, quit)
	}()
	select {
	case err := <-ended:
		return nil, err
	case <-started:
	}
	return func() error {
		close(quit)
		return <-ended
	}, nil
}

// serve keeps its thread in the multithreaded apartment, which is there, with
// what is registered in it, as long as a thread is in it.
func serve(f *factory, started, quit chan struct{}) error {
	if code, _, _ := initialize.Call(0, 0); int32(code) < 0 {
		return fmt.Errorf("joining the apartment: code %#x", uint32(code))
	}
	defer func() { _, _, _ = uninitialize.Call() }()
	const inProcess, multipleUse = 1, 1
	var cookie uint32
	code, _, _ := registerClassObject.Call(uintptr(unsafe.Pointer(&classLocator)), f.give(&factories), inProcess, multipleUse, uintptr(unsafe.Pointer(&cookie)))
	defer release(&f.head)
	if int32(code) < 0 {
		return fmt.Errorf("registering the locator: code %#x", uint32(code))
	}
	close(started)
	<-quit
	if code, _, _ = revokeClassObject.Call(uintptr(cookie)); int32(code) < 0 {
		return fmt.Errorf("revoking the locator: code %#x", uint32(code))
	}
	return nil
}

func createInstance(f *factory, _ uintptr, id *guid, out *uintptr) uintptr {
	l := &locator{connect: f.connect}
	l.give(&locators)
	code := queryInterface(&l.head, id, out)
	release(&l.head)
	return code
}

func connectServer(l *locator, namespace *uint16, _, _, _, _, _, _ uintptr, out *uintptr) uintptr {
	*out = 0
	s, code := l.connect(text(namespace))
	if code == 0 {
		*out = s.Pointer()
	}
	return uintptr(code)
}
