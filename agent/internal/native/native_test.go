//go:build linux || darwin

package native

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"
)

// libc is the C library of this system.
func libc(t *testing.T) Library {
	t.Helper()
	name := "libc.so.6"
	if runtime.GOOS == "darwin" {
		name = "/usr/lib/libSystem.B.dylib"
	}
	l, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func function(t *testing.T, l Library, name string) uintptr {
	t.Helper()
	address, err := l.Symbol(name)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func TestFunctionsTakeIntegersAndPointers(t *testing.T) {
	c := libc(t)
	if got := int32(Call(function(t, c, "abs"), uintptr(0xffffffd6))); got != 42 {
		t.Errorf("abs(-42) = %d; want 42", got)
	}
	text := []byte("1027 rest\x00")
	if got := Call(function(t, c, "strlen"), uintptr(unsafe.Pointer(&text[0]))); got != 9 {
		t.Errorf("strlen = %d; want 9", got)
	}
	var end uintptr // strtol writes where it stopped
	got := Call(function(t, c, "strtol"), uintptr(unsafe.Pointer(&text[0])), uintptr(unsafe.Pointer(&end)), 10)
	if got != 1027 || end != uintptr(unsafe.Pointer(&text[4])) {
		t.Errorf("strtol = %d and stops at %d; want 1027 and 4", got, end-uintptr(unsafe.Pointer(&text[0])))
	}
	runtime.KeepAlive(text)
	// All six arguments reach a function: mmap is asked for one page, which is then
	// given back.
	page := Call(function(t, c, "mmap"), 0, 4096, 3, syscall.MAP_ANON|syscall.MAP_PRIVATE, ^uintptr(0), 0)
	if page == ^uintptr(0) || page&4095 != 0 {
		t.Fatalf("mmap = %x", page)
	}
	if rc := int32(Call(function(t, c, "munmap"), page, 4096)); rc != 0 {
		t.Errorf("munmap = %d; want 0", rc)
	}
}

func TestWhatIsMissingIsAnError(t *testing.T) {
	if l, err := Load("libosiris-none.so.0"); !errors.Is(err, ErrLibrary) {
		t.Errorf("Load of no library = %x, %v; want %v", l, err, ErrLibrary)
	}
	if address, err := libc(t).Symbol("osiris_no_such_function"); !errors.Is(err, ErrSymbol) {
		t.Errorf("Symbol of no function = %x, %v; want %v", address, err, ErrSymbol)
	}
}

// TestManyThreadsCallAtOnce makes the scheduler start threads for calls that
// block, while the collector moves stacks and frees memory.
func TestManyThreadsCallAtOnce(t *testing.T) {
	c := libc(t)
	usleep, malloc, strlen := function(t, c, "usleep"), function(t, c, "malloc"), function(t, c, "strlen")
	free := function(t, c, "free")
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			for range 20 {
				Call(usleep, 500)
				block := Call(malloc, 1<<12)
				if block == 0 {
					t.Error("malloc = 0")
					return
				}
				Call(free, block)
				text := []byte(strings.Repeat("x", i*100) + "\x00")
				if got := Call(strlen, uintptr(unsafe.Pointer(&text[0]))); got != uintptr(i*100) {
					t.Errorf("strlen = %d; want %d", got, i*100)
				}
				runtime.GC()
			}
		})
	}
	all.Wait()
}

// TestThreadsEnd: a goroutine that ends with its thread locked takes the thread
// along, back through the C library.
func TestThreadsEnd(t *testing.T) {
	c := libc(t)
	abs := function(t, c, "abs")
	for range 200 {
		done := make(chan uintptr)
		go func() {
			runtime.LockOSThread()
			done <- Call(abs, 7)
		}()
		if got := <-done; got != 7 {
			t.Fatalf("abs(7) = %d", got)
		}
	}
}

// TestErrnoIsTheThreads: each thread has the C library's storage of its own.
func TestErrnoIsTheThreads(t *testing.T) {
	name := "__errno_location"
	if runtime.GOOS == "darwin" {
		name = "__error"
	}
	c := libc(t)
	location := function(t, c, name)
	seen, done := make(chan uintptr), make(chan bool)
	defer close(done)
	for range 2 {
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			seen <- Call(location)
			seen <- Call(location)
			<-done // else the other one may get this thread
		}()
	}
	places := map[uintptr]int{}
	for range 4 {
		places[<-seen]++
	}
	if len(places) != 2 {
		t.Errorf("errno of two threads is at %v; want two places, twice each", places)
	}
}

func BenchmarkCall(b *testing.B) {
	c, err := Load("libc.so.6")
	if err != nil {
		b.Skip("no libc.so.6")
	}
	abs, err := c.Symbol("abs")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		Call(abs, 7)
	}
}
