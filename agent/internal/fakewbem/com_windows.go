package fakewbem

import (
	"sync"
	"syscall"
	"unicode/utf16"
	"unsafe"
)

// Functions of Windows that a fake needs itself.
var (
	oleaut32              = syscall.NewLazyDLL("oleaut32.dll")
	sysAllocStringLen     = oleaut32.NewProc("SysAllocStringLen")
	sysFreeString         = oleaut32.NewProc("SysFreeString")
	sysStringLen          = oleaut32.NewProc("SysStringLen")
	variantClear          = oleaut32.NewProc("VariantClear")
	safeArrayCreateVector = oleaut32.NewProc("SafeArrayCreateVector")
	safeArrayPutElement   = oleaut32.NewProc("SafeArrayPutElement")
)

// HRESULTs that are no business of WMI's (winerror.h).
const notImplemented, noInterface = 0x80004001, 0x80004002

// variant is VARIANT of oaidl.h on a 64-bit system.
type variant struct {
	kind  uint16
	_     [3]uint16
	value uint64
	_     uint64
}

// guid is GUID of guiddef.h.
type guid struct {
	a    uint32
	b, c uint16
	d    [8]byte
}

// Interfaces by their ids (unknwn.h, wbemcli.h).
var (
	isUnknown  = guid{0, 0, 0, [8]byte{0xc0, 0, 0, 0, 0, 0, 0, 0x46}}
	isFactory  = guid{1, 0, 0, [8]byte{0xc0, 0, 0, 0, 0, 0, 0, 0x46}}
	isLocator  = guid{0xdc12a687, 0x737f, 0x11cf, [8]byte{0x88, 0x4d, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24}}
	isServices = guid{0x9556dc99, 0x828c, 0x11cf, [8]byte{0xa3, 0x7e, 0x00, 0xaa, 0x00, 0x32, 0x40, 0xc7}}
	isEnum     = guid{0x027947e1, 0xd731, 0x11ce, [8]byte{0xa3, 0x57, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01}}
	isObject   = guid{0xdc12a681, 0x737f, 0x11cf, [8]byte{0x88, 0x4d, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24}}
)

// head begins what COM knows by its pointer: the table of methods comes first.
type head struct {
	methods *[64]uintptr
	refs    int32
}

// family is an interface: its id and its table.
type family struct {
	id      *guid
	methods [64]uintptr
}

var (
	factories = family{id: &isFactory}
	locators  = family{id: &isLocator}
	services  = family{id: &isServices}
	enums     = family{id: &isEnum}
	objects   = family{id: &isObject}
)

func init() {
	add, release := syscall.NewCallback(addRef), syscall.NewCallback(release)
	unknown := syscall.NewCallback(func(*head) uintptr { return notImplemented })
	query := syscall.NewCallback(queryInterface)
	for _, f := range []*family{&factories, &locators, &services, &enums, &objects} {
		for i := range f.methods {
			f.methods[i] = unknown
		}
		f.methods[0], f.methods[1], f.methods[2] = query, add, release
	}
	factories.methods[3] = syscall.NewCallback(createInstance)
	factories.methods[4] = syscall.NewCallback(func(*head, uintptr) uintptr { return 0 }) // LockServer
	locators.methods[3] = syscall.NewCallback(connectServer)
	services.methods[6] = syscall.NewCallback(getObject)
	services.methods[14] = syscall.NewCallback(putInstance)
	services.methods[20] = syscall.NewCallback(execQuery)
	services.methods[24] = syscall.NewCallback(execMethod)
	enums.methods[4] = syscall.NewCallback(next)
	objects.methods[4] = syscall.NewCallback(get)
	objects.methods[5] = syscall.NewCallback(put)
	objects.methods[15] = syscall.NewCallback(spawnInstance)
	objects.methods[19] = syscall.NewCallback(getMethod)
}

// held are the objects that somebody outside has a reference to. COM keeps them
// where Go does not look, so this is what keeps them alive.
var (
	mu    sync.Mutex
	held  = map[*head]bool{}
	alive int
)

// Alive counts references to all fakes that nobody gave back.
func Alive() int {
	mu.Lock()
	defer mu.Unlock()
	return alive
}

// give hands an object out with one more reference.
func (h *head) give(f *family) uintptr {
	mu.Lock()
	h.methods = &f.methods
	mu.Unlock()
	addRef(h)
	return uintptr(unsafe.Pointer(h))
}

func addRef(h *head) uintptr {
	mu.Lock()
	defer mu.Unlock()
	h.refs++
	alive++
	held[h] = true
	return uintptr(h.refs)
}

func release(h *head) uintptr {
	mu.Lock()
	defer mu.Unlock()
	h.refs--
	alive--
	if h.refs == 0 {
		delete(held, h)
	}
	return uintptr(h.refs)
}

func queryInterface(h *head, id *guid, out *uintptr) uintptr {
	*out = 0
	for _, f := range []*family{&factories, &locators, &services, &enums, &objects} {
		if h.methods == &f.methods && (*id == *f.id || *id == isUnknown) {
			addRef(h)
			*out = uintptr(unsafe.Pointer(h))
			return 0
		}
	}
	return noInterface // IClientSecurity, for one: no fake is a proxy
}

// text reads a string of COM's, which knows its length.
func text(b *uint16) string {
	if b == nil {
		return ""
	}
	n, _, _ := sysStringLen.Call(uintptr(unsafe.Pointer(b)))
	return syscall.UTF16ToString(unsafe.Slice(b, n))
}

// wideText reads a string that ends with a NUL.
func wideText(p *uint16) string {
	n := 0
	for *(*uint16)(unsafe.Add(unsafe.Pointer(p), 2*n)) != 0 {
		n++
	}
	return syscall.UTF16ToString(unsafe.Slice(p, n))
}

// newText makes a string of COM's.
func newText(s string) uint64 {
	units := utf16.Encode([]rune(s))
	b, _, _ := sysAllocStringLen.Call(uintptr(unsafe.Pointer(unsafe.SliceData(units))), uintptr(len(units)))
	return uint64(b)
}
