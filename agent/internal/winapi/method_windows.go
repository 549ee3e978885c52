package winapi

import (
	"strings"
	"unsafe"
)

// exec runs a method; every object of it is given up on the way out.
func (s *session) exec(path, method string, in []Param, out []string) (Row, error) {
	subject := s.name + ": " + path + "." + method
	class, _, _ := strings.Cut(path, ".")
	class, _, _ = strings.Cut(class, "=")
	arguments, code := s.arguments(class, method, in)
	if code != 0 {
		return nil, fail("GetMethod", subject, code)
	}
	defer arguments.release()
	at, name := newBSTR(path), newBSTR(method)
	defer at.free()
	defer name.free()
	var results *object
	code = s.services.call(24, at.arg(), name.arg(), 0, uintptr(unsafe.Pointer(s.context)),
		uintptr(unsafe.Pointer(arguments)), uintptr(unsafe.Pointer(&results)), 0)
	if code.failed() {
		return nil, fail("ExecMethod", subject, code)
	}
	if results == nil { // the method is declared to give nothing
		return make(Row, len(out)), nil
	}
	defer results.release()
	row, code := results.row(out)
	return row, fail("ExecMethod", subject, code)
}

// arguments fills an instance of the method's parameters; nil when it has none.
func (s *session) arguments(class, method string, in []Param) (*object, Code) {
	declared, code := s.get(class)
	if code != 0 {
		return nil, code
	}
	defer declared.release()
	var signature, arguments *object
	code = declared.call(19, uintptr(unsafe.Pointer(wide(method))), 0, uintptr(unsafe.Pointer(&signature)), 0) // GetMethod
	if code.failed() {
		return nil, code
	}
	if signature == nil {
		if len(in) > 0 {
			return nil, NotFound
		}
		return nil, 0
	}
	defer signature.release()
	if code = signature.call(15, 0, uintptr(unsafe.Pointer(&arguments))); code.failed() { // SpawnInstance
		return nil, code
	}
	if code = arguments.set(in); code != 0 {
		arguments.release()
		return nil, code
	}
	return arguments, 0
}

func (s *session) put(path string, set []Param) error {
	subject := s.name + ": " + path
	o, code := s.get(path)
	if code != 0 {
		return fail("GetObject", subject, code)
	}
	defer o.release()
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
func (s *session) get(path string) (*object, Code) {
	at := newBSTR(path)
	defer at.free()
	var o *object
	code := s.services.call(6, at.arg(), 0, uintptr(unsafe.Pointer(s.context)), uintptr(unsafe.Pointer(&o)), 0)
	if code.failed() {
		return nil, code
	}
	if o == nil {
		return nil, NotFound
	}
	return o, 0
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
