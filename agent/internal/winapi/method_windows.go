package winapi

import (
	"strings"
	"unsafe"
)

// exec runs a method.
func (s *session) exec(path, method string, in []Param, out []string) (row Row, err error) {
	subject := s.name + ": " + path + "." + method
	class, _, _ := strings.Cut(path, ".")
	class, _, _ = strings.Cut(class, "=")
	arguments, code := s.arguments(class, method, in)
	if code != 0 {
		return nil, fail("GetMethod", subject, code)
	}
	var results *object
	code = s.services.call(24, s.text(path), s.text(method), 0, uintptr(unsafe.Pointer(s.context)),
		uintptr(unsafe.Pointer(arguments)), uintptr(unsafe.Pointer(&results)), 0)
	s.keep(results)
	switch {
	case code.failed():
	case results == nil: // the method is declared to give nothing
		return make(Row, len(out)), nil
	default:
		row, code = results.row(out)
	}
	return row, fail("ExecMethod", subject, code)
}

// arguments fills an instance of the method's parameters; nil when it has none.
func (s *session) arguments(class, method string, in []Param) (arguments *object, code Code) {
	declared, code := s.get(class)
	if code != 0 {
		return nil, code
	}
	var signature *object
	code = declared.call(19, uintptr(unsafe.Pointer(wide(method))), 0, uintptr(unsafe.Pointer(&signature)), 0) // GetMethod
	s.keep(signature)
	switch {
	case code.failed():
		return nil, code
	case signature != nil:
		code = signature.call(15, 0, uintptr(unsafe.Pointer(&arguments))) // SpawnInstance
		if s.keep(arguments); !code.failed() {
			code = arguments.set(in)
		}
	case len(in) > 0:
		return nil, NotFound
	default:
		code = 0
	}
	return arguments, code
}

func (s *session) put(path string, set []Param) error {
	subject := s.name + ": " + path
	o, code := s.get(path)
	if code != 0 {
		return fail("GetObject", subject, code)
	}
	if code = o.set(set); code != 0 {
		return fail("IWbemClassObject.Put", subject, code)
	}
	const updateOnly = 1 // WBEM_FLAG_UPDATE_ONLY
	code = s.services.call(14, uintptr(unsafe.Pointer(o)), updateOnly, uintptr(unsafe.Pointer(s.context)), 0)
	if !code.failed() {
		code = 0
	}
	return fail("PutInstance", subject, code)
}

// get reads a class or an instance.
func (s *session) get(path string) (o *object, code Code) {
	code = s.services.call(6, s.text(path), 0, uintptr(unsafe.Pointer(s.context)), uintptr(unsafe.Pointer(&o)), 0)
	switch s.keep(o); {
	case code.failed():
	case o == nil:
		code = NotFound
	default:
		code = 0
	}
	return o, code
}

// set writes properties with the types that the class declares.
func (o *object) set(params []Param) Code {
	for _, p := range params {
		name := wide(p.Name)
		var old variant
		var cim uint32
		code := o.call(4, uintptr(unsafe.Pointer(name)), 0, uintptr(unsafe.Pointer(&old)), uintptr(unsafe.Pointer(&cim)), 0) // Get
		old.clear()
		if code.failed() {
			return code
		}
		v, code := newVariant(p.Text, cim)
		if code != 0 {
			return code
		}
		code = o.call(5, uintptr(unsafe.Pointer(name)), 0, uintptr(unsafe.Pointer(&v)), 0) // Put
		v.clear()
		if code.failed() {
			return code
		}
	}
	return 0
}
