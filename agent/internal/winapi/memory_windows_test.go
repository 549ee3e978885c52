package winapi

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"unsafe"

	"github.com/osiriscare/osiris/agent/internal/fakewbem"
)

// heap is what the process's heap holds, where COM takes strings, arrays and
// objects from: how many blocks, and bytes.
type heap struct{ blocks, bytes int64 }

// readHeap walks the heap. Go's own memory is elsewhere.
func readHeap(t *testing.T) heap {
	t.Helper()
	runtime.LockOSThread() // a heap's lock is its thread's
	defer runtime.UnlockOSThread()
	handle, _ := call(Kernel32, "GetProcessHeap")
	if r, code := call(Kernel32, "HeapLock", handle); r == 0 {
		t.Fatalf("HeapLock: %v", code)
	}
	// PROCESS_HEAP_ENTRY of minwinbase.h.
	var entry struct {
		data             uintptr
		size             uint32
		overhead, region byte
		flags            uint16
		_                [24]byte
	}
	const busy, noMore = 4, 259 // PROCESS_HEAP_ENTRY_BUSY, ERROR_NO_MORE_ITEMS
	var h heap
	var last Code
	for {
		r, code := call(Kernel32, "HeapWalk", handle, uintptr(unsafe.Pointer(&entry)))
		if last = code; r == 0 {
			break
		}
		if entry.flags&busy != 0 {
			h.blocks++
			h.bytes += int64(entry.size)
		}
	}
	if r, code := call(Kernel32, "HeapUnlock", handle); r == 0 {
		t.Fatalf("HeapUnlock: %v", code)
	}
	if last != noMore {
		t.Fatalf("HeapWalk: %v", last)
	}
	return h
}

// resident gives the process's working set; Wine does not count private bytes.
func resident(t *testing.T) int64 {
	t.Helper()
	runtime.GC()
	var counters struct { // PROCESS_MEMORY_COUNTERS of psapi.h
		size, faults    uint32
		_, set          uintptr
		_, _, _, _      uintptr
		paged, pagedMax uintptr
	}
	counters.size = uint32(unsafe.Sizeof(counters))
	r, code := call(Kernel32, "K32GetProcessMemoryInfo", ^uintptr(0), uintptr(unsafe.Pointer(&counters)), uintptr(counters.size))
	if r == 0 {
		t.Fatalf("GetProcessMemoryInfo: %v", code)
	}
	return int64(counters.set)
}

// everything answers with every kind that owns memory.
func everything(refused *bool) *fakewbem.Services {
	in := &fakeObject{Values: map[string]fakeValue{"Text": value(vtNull, 8, nil), "Number": value(vtNull, cimUint32, nil)}}
	class := &fakeObject{Methods: map[string]*fakeObject{"Do": in}}
	row := &fakeObject{Values: map[string]fakeValue{
		"Text":  value(vtBSTR, 8, "Windows Defender Antivirus Service"),
		"Date":  value(vtBSTR, cimDate, "20261122010000.000000+060"),
		"Long":  value(vtBSTR, 21, "18446744073709551615"),
		"List":  value(vtArray|vtBSTR, vtArray|8, []any{"one of three", "two of three", "three of three"}),
		"Bytes": value(vtArray|vtUI1, vtArray|cimUint8, []any{uint64(0), uint64(200)}),
		"None":  value(vtNull, 8, nil),
		// An array of 7, VT_DATE, is none that WMI gives: reading ends half-way.
		"Unreadable": value(vtArray|7, vtArray|7, []any{uint64(1), uint64(2)}),
	}}
	return &fakewbem.Services{
		Query: func(*fakewbem.Request) fakeAnswer { return fakeAnswer{Rows: []*fakeObject{row, row}} },
		Get:   func(string) *fakeObject { return class },
		Exec: func(*fakewbem.Request) (*fakeObject, uint32) {
			if *refused {
				return nil, uint32(AccessDenied)
			}
			return row, 0
		},
	}
}

// TestNoCallKeepsMemory asks and calls again and again, with answers that can be
// read, that cannot, and that are refused: strings, arrays, VARIANTs and objects
// must all be given back. One string a round that is forgotten is 20,000 blocks.
func TestNoCallKeepsMemory(t *testing.T) {
	released(t)
	refused := false
	services := everything(&refused)
	stop, err := fakewbem.Serve(func(namespace string) (*fakewbem.Services, uint32) {
		if namespace != `root\fake` {
			return nil, uint32(NamespaceMissing)
		}
		return services, 0
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	ctx := t.Context()
	round := func(i int) error {
		refused = i%4 == 0
		rows, err := Query(ctx, `root\fake`, "SELECT * FROM X", []string{"Text", "Date", "Long", "List", "Bytes", "None"}, ProviderContext("PolicyStore", "ActiveStore"))
		if err != nil || len(rows) != 2 {
			return fmt.Errorf("asking: %d rows, %w", len(rows), err)
		}
		row, err := Exec(ctx, `root\fake`, `X.Key="a"`, "Do", []Param{{"Text", "a text that WMI gets"}, {"Number", "7"}}, []string{"Text", "List"})
		if (err != nil) != refused || err == nil && len(row) != 2 {
			return fmt.Errorf("calling a method: %d results, %w", len(row), err)
		}
		if i%4 == 1 {
			_, unreadable := Query(ctx, `root\fake`, "SELECT * FROM X", []string{"Text", "Unreadable"})
			_, absent := Query(ctx, `root\fake`, "SELECT * FROM X", []string{"Text", "Nothing"})
			_, nowhere := Query(ctx, `root\nowhere`, "SELECT * FROM X", []string{"Text"})
			if unreadable == nil || absent == nil || nowhere == nil {
				return errors.New("what cannot be had was answered")
			}
		}
		return nil
	}
	rounds := func(n int) {
		for i := range n {
			if err := round(i); err != nil {
				t.Fatal(err)
			}
		}
	}
	const many, some = 20_000, 500 // the first ones fill caches: threads, free lists, DLLs
	rounds(some)
	before, setBefore := readHeap(t), resident(t)
	rounds(many)
	after, setAfter := readHeap(t), resident(t)
	t.Logf("%d rounds: %d blocks and %d bytes before, %d and %d after; working set %d and %d",
		many, before.blocks, before.bytes, after.blocks, after.bytes, setBefore, setAfter)
	// A twentieth of what one forgotten block a round would be.
	if grown := after.blocks - before.blocks; grown > many/20 {
		t.Errorf("%d rounds left %d blocks on the heap", many, grown)
	}
	if grown := after.bytes - before.bytes; grown > many {
		t.Errorf("%d rounds left %d bytes on the heap", many, grown)
	}
	if grown := setAfter - setBefore; grown > 8<<20 {
		t.Errorf("%d rounds made the process %d bytes larger", many, grown)
	}
}

// TestTheHeapShowsWhatIsForgotten is why the test above can be believed.
func TestTheHeapShowsWhatIsForgotten(t *testing.T) {
	const many = 2000
	before := readHeap(t)
	var forgotten [many]bstr
	for i := range forgotten {
		forgotten[i] = newBSTR("forgotten")
	}
	after := readHeap(t)
	if grown := after.blocks - before.blocks; grown < many*9/10 {
		t.Errorf("%d strings are %d blocks more on the heap", many, grown)
	}
	for _, b := range forgotten {
		b.free()
	}
	if left := readHeap(t).blocks - before.blocks; left > many/10 {
		t.Errorf("of %d strings %d blocks are left after they were freed", many, left)
	}
}
