package winapi

import (
	"context"
	"runtime"
	"syscall"
	"unsafe"
)

// Places for COM calls under way. One that hangs in a provider keeps its place,
// so hanging ones cannot become many. Windows Update has a place of its own:
// its search takes minutes.
var (
	wmiPlaces    = make(chan struct{}, 3)
	updatePlaces = make(chan struct{}, 1)
)

// inApartment runs do on a locked thread that has joined the process's
// multithreaded apartment. When the context ends first, do goes on alone and
// nobody may read what it writes.
func inApartment(ctx context.Context, places chan struct{}, name string, do func(ctx context.Context) error) error {
	select {
	case places <- struct{}{}:
	case <-ctx.Done():
		return fail(name, "a free place", TimedOut)
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		done <- joined(ctx, do)
		runtime.UnlockOSThread()
		<-places
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fail(name, "", TimedOut)
	}
}

func joined(ctx context.Context, do func(ctx context.Context) error) error {
	err := try(givesHRESULT, ole32, "CoInitializeEx", "", 0, 0) // COINIT_MULTITHREADED
	if err != nil {
		return err
	}
	// Encrypted packets, as the BitLocker namespace wants, and impersonation, as
	// WMI's providers want. It counts for the process while any thread is in the
	// apartment; that it was called before (RPC_E_TOO_LATE) is fine.
	const (
		packetPrivacy = 6
		impersonate   = 3
		tooLate       = 0x80010119
	)
	r, code := call(ole32, "CoInitializeSecurity", 0, ^uintptr(0), 0, 0, packetPrivacy, impersonate, 0, 0, 0)
	if code != Missing {
		code = Code(uint32(r))
	}
	if code.failed() && code != tooLate {
		err = fail("CoInitializeSecurity", "", code)
	} else {
		err = do(ctx)
	}
	_, _ = call(ole32, "CoUninitialize")
	return err
}

func (c Code) failed() bool { return int32(c) < 0 }

// object is a COM object: a pointer to its table of methods.
type object struct{ methods *[64]uintptr }

// call calls a method by its place in the table.
//
//go:uintptrescapes
func (o *object) call(method int, args ...uintptr) Code {
	var all [12]uintptr
	all[0] = uintptr(unsafe.Pointer(o))
	n := 1 + copy(all[1:], args)
	r, _, _ := syscall.SyscallN(o.methods[method], all[:n]...)
	return Code(uint32(r))
}

// release gives the object up; none is fine.
func (o *object) release() {
	if o != nil {
		_ = o.call(2) // IUnknown::Release
	}
}

// create makes an object of a class that lives in a DLL of Windows.
func create(name string, class, iface *GUID) (o *object, err error) {
	const inProcess = 1 // CLSCTX_INPROC_SERVER
	err = try(givesHRESULT, ole32, "CoCreateInstance", name, uintptr(unsafe.Pointer(class)), 0, inProcess,
		uintptr(unsafe.Pointer(iface)), uintptr(unsafe.Pointer(&o)))
	return o, err
}

// bstr is a string that COM owns.
type bstr struct{ p *uint16 }

func newBSTR(text string) bstr {
	r, _ := call(oleaut32, "SysAllocString", uintptr(unsafe.Pointer(wide(text))))
	return bstr{*(**uint16)(unsafe.Pointer(&r))}
}

func (b bstr) arg() uintptr { return uintptr(unsafe.Pointer(b.p)) }

func (b bstr) free() { call(oleaut32, "SysFreeString", b.arg()) }

// text copies the string; it knows its length and may have NULs inside.
func (b bstr) text() string {
	if b.p == nil {
		return ""
	}
	n, _ := call(oleaut32, "SysStringLen", b.arg())
	return syscall.UTF16ToString(unsafe.Slice(b.p, min(n, maxText)))
}
