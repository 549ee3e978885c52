package fakewbem

import (
	"strconv"
	"syscall"
	"unsafe"
)

// Answer is what a query brings: an error, or rows and then maybe an error.
type Answer struct {
	Code, Then uint32
	Rows       []*Object
	// Slow is how often Next says that nothing has come yet before each row and
	// before the end.
	Slow int
}

// Services is an IWbemServices, one namespace. A function that is nil knows
// nothing.
type Services struct {
	head
	Query func(*Request) Answer
	// Get gives a class or an instance by its path; nil is not there.
	Get func(path string) *Object
	// Exec runs a method; its result may be nil.
	Exec func(*Request) (*Object, uint32)
	Put  func(*Request) uint32
}

// Request is what somebody asked a namespace for.
type Request struct {
	// Text is the query, or the path.
	Text, Method string
	// Set are the parameters or properties that were given.
	Set []Setting

	context *head
}

// Setting is a property that was put, as a VARIANT of a kind.
type Setting struct {
	Name, Text string
	Kind       uint16
}

// enum is an IEnumWbemClassObject.
type enum struct {
	head
	answer Answer
	waited int
}

// Pointer hands the services out with one more reference.
func (s *Services) Pointer() uintptr { return s.give(&services) }

func execQuery(s *Services, language, query *uint16, flags uintptr, context *head, out *uintptr) uintptr {
	const forwardNow = 0x30
	if text(language) != "WQL" || flags != forwardNow {
		return InvalidQuery
	}
	a := Answer{Code: InvalidClass}
	if s.Query != nil {
		a = s.Query(&Request{Text: text(query), context: context})
	}
	if a.Code == 0 {
		*out = (&enum{answer: a}).give(&enums)
	}
	return uintptr(a.Code)
}

func next(e *enum, _, count uintptr, out *uintptr, n *uint32) uintptr {
	const end, timedOut = 1, 0x40004 // WBEM_S_FALSE, WBEM_S_TIMEDOUT
	*n = 0
	if e.waited < e.answer.Slow {
		e.waited++
		return timedOut
	}
	e.waited = 0
	if len(e.answer.Rows) == 0 {
		if e.answer.Then != 0 {
			return uintptr(e.answer.Then)
		}
		return end
	}
	*out = e.answer.Rows[0].give(&objects)
	e.answer.Rows = e.answer.Rows[1:]
	*n = uint32(count)
	return 0
}

func getObject(s *Services, path *uint16, _ uintptr, _ *head, out *uintptr, _ uintptr) uintptr {
	var o *Object
	if s.Get != nil {
		o = s.Get(text(path))
	}
	if o == nil {
		return NotFound
	}
	*out = o.another().give(&objects)
	return 0
}

func execMethod(s *Services, path, method *uint16, _ uintptr, context *head, in *Object, out *uintptr, _ uintptr) uintptr {
	if s.Exec == nil {
		return NotFound
	}
	r := &Request{Text: text(path), Method: text(method), context: context}
	if in != nil {
		r.Set = in.set
	}
	result, code := s.Exec(r)
	if code == 0 && result != nil {
		*out = result.give(&objects)
	}
	return uintptr(code)
}

func putInstance(s *Services, in *Object, flags uintptr, context *head, _ uintptr) uintptr {
	const updateOnly = 1
	if flags != updateOnly || s.Put == nil {
		return NotSupported
	}
	return uintptr(s.Put(&Request{Set: in.set, context: context}))
}

// Option is a value of the context that came with the request, empty without.
func (r *Request) Option(name string) string {
	if r.context == nil {
		return ""
	}
	var v variant
	wide, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		return ""
	}
	const getValue = 9
	code, _, _ := syscall.SyscallN(r.context.methods[getValue], uintptr(unsafe.Pointer(r.context)), uintptr(unsafe.Pointer(wide)), 0, uintptr(unsafe.Pointer(&v)))
	if int32(code) < 0 {
		return ""
	}
	value, _ := read(&v)
	_, _, _ = variantClear.Call(uintptr(unsafe.Pointer(&v)))
	return value
}

// read gives a VARIANT of the kinds that callers make.
func read(v *variant) (string, bool) {
	switch v.kind {
	case BSTR:
		return text(*(**uint16)(unsafe.Pointer(&v.value))), true
	case Bool:
		return strconv.FormatBool(uint16(v.value) != 0), true
	case UI1:
		return strconv.Itoa(int(uint8(v.value))), true
	case I2:
		return strconv.Itoa(int(int16(v.value))), true
	case I4:
		return strconv.Itoa(int(int32(v.value))), true
	}
	return "", false
}
