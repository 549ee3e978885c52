package sqlos

import "unsafe"

// maxMessage bounds the length of an error message read from C.
const maxMessage = 1024

// keepBuffer is the size of buffer kept between calls; records above it are
// rare.
const keepBuffer = 64 << 10

// buffer is C memory from SQLite's allocator for values on their way in. SQLite
// copies them before the call returns, so that one buffer is enough.
type buffer struct {
	eng  *engine
	ptr  uintptr
	size int
}

// text copies s and a terminating NUL into the buffer and returns its address,
// valid until the next call.
func (b *buffer) text(s string) (uintptr, error) {
	if need := len(s) + 1; need > b.size {
		b.free()
		need = max(need, 1024)
		b.ptr = b.eng.call(symMalloc, uintptr(need))
		if b.ptr == 0 {
			return 0, errNoMemory()
		}
		b.size = need
	}
	dst := view(b.ptr, len(s)+1)
	copy(dst, s)
	dst[len(s)] = 0
	return b.ptr, nil
}

// shrink gives a large buffer back.
func (b *buffer) shrink() {
	if b.size > keepBuffer {
		b.free()
	}
}

func (b *buffer) free() {
	if b.ptr != 0 {
		b.eng.call(symFree, b.ptr)
	}
	b.ptr, b.size = 0, 0
}

// pointer turns an address of C memory into a pointer. It goes through memory
// because go vet cannot know that the address is not Go's.
func pointer(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

func view(p uintptr, n int) []byte { return unsafe.Slice((*byte)(pointer(p)), n) }

func peek(p uintptr) uintptr    { return *(*uintptr)(pointer(p)) }
func poke(p uintptr, v uintptr) { *(*uintptr)(pointer(p)) = v }

// cstring copies a NUL-terminated string out of C memory.
func cstring(p uintptr) string {
	if p == 0 {
		return ""
	}
	n := 0
	for n < maxMessage && *(*byte)(pointer(p + uintptr(n))) != 0 {
		n++
	}
	return string(view(p, n))
}
