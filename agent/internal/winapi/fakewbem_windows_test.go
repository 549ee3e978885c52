package winapi

import (
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe"
)

// fakeServices is an IWbemServices in Go: what Wine lacks, most namespaces, is
// answered from tables, through the same calls, VARIANTs and strings as on
// Windows. Every object counts its references, so that a test sees what was not
// released.
type fakeServices struct {
	fake
	// answers are by query, classes and instances by path.
	answers map[string]fakeAnswer
	classes map[string]*fakeObject
	// ran is what ExecMethod was called with, put what PutInstance was.
	ran, put []string
	result   *fakeObject
	code     Code // of ExecMethod and PutInstance
}

// fakeAnswer is what a query brings: an error, or rows and then maybe an error.
type fakeAnswer struct {
	code, then Code
	rows       []*fakeObject
	// slow is how often Next says that nothing has come yet before each row.
	slow int
}

// fakeEnum is an IEnumWbemClassObject.
type fakeEnum struct {
	fake
	answer fakeAnswer
	waited int
}

// fakeObject is an IWbemClassObject: an instance, a class or parameters.
type fakeObject struct {
	fake
	values  map[string]fakeValue
	methods map[string]*fakeObject // the parameters of a class's methods
	set     []string               // what was put
}

// fakeValue is one property: how it comes, and its CIM type.
type fakeValue struct {
	kind uint16
	cim  uint32
	data any // uint64 for what fits, string for VT_BSTR, []any of these for arrays
}

// fake is the beginning of every fake: the table, and the references.
type fake struct {
	object
	refs int32
}

var (
	servicesMethods, enumMethods, instanceMethods [64]uintptr
	// alive counts references to all fakes.
	alive atomic.Int32
)

func init() {
	add := syscall.NewCallback(func(f *fake) uintptr { alive.Add(1); return uintptr(atomic.AddInt32(&f.refs, 1)) })
	release := syscall.NewCallback(func(f *fake) uintptr { alive.Add(-1); return uintptr(atomic.AddInt32(&f.refs, -1)) })
	unknown := syscall.NewCallback(func(f *fake) uintptr { return 0x80004001 })
	for _, table := range []*[64]uintptr{&servicesMethods, &enumMethods, &instanceMethods} {
		for i := range table {
			table[i] = unknown
		}
		table[1], table[2] = add, release
	}
	servicesMethods[6] = syscall.NewCallback(fakeGetObject)
	servicesMethods[14] = syscall.NewCallback(fakePutInstance)
	servicesMethods[20] = syscall.NewCallback(fakeExecQuery)
	servicesMethods[24] = syscall.NewCallback(fakeExecMethod)
	enumMethods[4] = syscall.NewCallback(fakeNext)
	instanceMethods[4] = syscall.NewCallback(fakeGet)
	instanceMethods[5] = syscall.NewCallback(fakePut)
	instanceMethods[15] = syscall.NewCallback(fakeSpawn)
	instanceMethods[19] = syscall.NewCallback(fakeGetMethod)
}

// give hands an object out with one more reference.
func (f *fake) give(methods *[64]uintptr) *object {
	f.methods = methods
	alive.Add(1)
	atomic.AddInt32(&f.refs, 1)
	return &f.object
}

// session is a connection to the fake.
func (s *fakeServices) session() *session {
	return &session{name: `root\fake`, services: s.give(&servicesMethods)}
}

func fakeExecQuery(s *fakeServices, language, query bstr, flags uintptr, _ *object, out **object) uintptr {
	if language.text() != "WQL" || flags != 0x30 {
		return uintptr(InvalidQuery)
	}
	a, ok := s.answers[query.text()]
	if !ok {
		return uintptr(InvalidClass)
	}
	if a.code != 0 {
		return uintptr(a.code)
	}
	*out = (&fakeEnum{answer: a}).give(&enumMethods)
	return 0
}

func fakeNext(e *fakeEnum, _, count uintptr, out **object, n *uint32) uintptr {
	*n = 0
	if e.waited < e.answer.slow {
		e.waited++
		return 0x40004 // WBEM_S_TIMEDOUT
	}
	e.waited = 0
	if len(e.answer.rows) == 0 {
		if e.answer.then != 0 {
			return uintptr(e.answer.then)
		}
		return 1 // WBEM_S_FALSE
	}
	*out = e.answer.rows[0].give(&instanceMethods)
	e.answer.rows = e.answer.rows[1:]
	*n = uint32(count)
	return 0
}

func fakeGet(o *fakeObject, name *uint16, _ uintptr, out *variant, cim *uint32, _ uintptr) uintptr {
	v, ok := o.values[wideText(name)]
	if !ok {
		return uintptr(NotFound)
	}
	*cim = v.cim
	if v.kind&vtArray == 0 {
		out.kind, out.value = v.kind, v.word()
		return 0
	}
	list := v.data.([]any)
	array, _ := call(oleaut32, "SafeArrayCreateVector", uintptr(v.kind&^vtArray), 0, uintptr(len(list)))
	for i, data := range list {
		index, element := int32(i), fakeValue{kind: v.kind &^ vtArray, data: data}
		word := element.word()
		at := uintptr(unsafe.Pointer(&word))
		if element.kind == vtBSTR {
			at = uintptr(word) // SafeArrayPutElement copies it
		}
		call(oleaut32, "SafeArrayPutElement", array, uintptr(unsafe.Pointer(&index)), at)
	}
	out.kind, out.value = v.kind, uint64(array)
	return 0
}

// word is what stands in a VARIANT; a string is a new one.
func (v fakeValue) word() uint64 {
	switch data := v.data.(type) {
	case string:
		b := newBSTR(data)
		return uint64(b.arg())
	case uint64:
		return data
	}
	return 0
}

func fakePut(o *fakeObject, name *uint16, _ uintptr, v *variant, _ uintptr) uintptr {
	cell, code := v.cell(0)
	o.set = append(o.set, wideText(name)+"="+cell.Text+"/"+string(rune('a'+v.kind)))
	return uintptr(code)
}

func fakeSpawn(o *fakeObject, _ uintptr, out **object) uintptr {
	*out = o.give(&instanceMethods)
	return 0
}

func fakeGetMethod(o *fakeObject, name *uint16, _ uintptr, in **object, _ uintptr) uintptr {
	parameters, ok := o.methods[wideText(name)]
	if !ok {
		return uintptr(NotFound)
	}
	if parameters != nil {
		*in = parameters.give(&instanceMethods)
	}
	return 0
}

func fakeGetObject(s *fakeServices, path bstr, _ uintptr, _ *object, out **object, _ uintptr) uintptr {
	o, ok := s.classes[path.text()]
	if !ok {
		return uintptr(NotFound)
	}
	*out = o.give(&instanceMethods)
	return 0
}

func fakeExecMethod(s *fakeServices, path, method bstr, _ uintptr, _, in *object, out **object, _ uintptr) uintptr {
	text := path.text() + "." + method.text()
	if in != nil {
		text += "(" + strings.Join((*fakeObject)(unsafe.Pointer(in)).set, ",") + ")"
	}
	s.ran = append(s.ran, text)
	if s.code == 0 && s.result != nil {
		*out = s.result.give(&instanceMethods)
	}
	return uintptr(s.code)
}

func fakePutInstance(s *fakeServices, in *object, flags uintptr, _ *object, _ uintptr) uintptr {
	s.put = append(s.put, strings.Join((*fakeObject)(unsafe.Pointer(in)).set, ","))
	if flags != 1 {
		return uintptr(NotSupported)
	}
	return uintptr(s.code)
}

func wideText(p *uint16) string {
	return syscall.UTF16ToString(unsafe.Slice(p, 1<<10)[:wideLength(p)])
}

func wideLength(p *uint16) int {
	n := 0
	for *(*uint16)(unsafe.Add(unsafe.Pointer(p), 2*n)) != 0 {
		n++
	}
	return n
}

// released fails a test that leaves references behind.
func released(t *testing.T) {
	t.Helper()
	before := alive.Load()
	t.Cleanup(func() {
		if n := alive.Load() - before; n != 0 {
			t.Errorf("%d references to COM objects were not released", n)
		}
	})
}
