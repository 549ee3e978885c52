package winapi

import (
	"context"
	"unsafe"
)

// maxRows and maxBytes bound one answer: a machine has some hundred services
// and a directory may have far more accounts than we should ever ask for.
const (
	maxRows  = 4096
	maxBytes = 4 << 20
)

var (
	clsidLocator = GUID{0x4590f811, 0x1d3a, 0x11d0, [8]byte{0x89, 0x1f, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24}}
	iidLocator   = GUID{0xdc12a687, 0x737f, 0x11cf, [8]byte{0x88, 0x4d, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24}}
	clsidContext = GUID{0x674b6698, 0xee92, 0x11d0, [8]byte{0xad, 0x71, 0x00, 0xc0, 0x4f, 0xd8, 0xfd, 0xff}}
	iidContext   = GUID{0x44aca674, 0xe8fc, 0x11d0, [8]byte{0xa0, 0x7c, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}}
)

// Query asks a namespace such as root\cimv2 and gives the named properties of
// each instance, in this order. A property that the class lacks is an error,
// one without a value a Null cell. System properties such as __RELPATH work.
// No instance is an empty answer.
func Query(ctx context.Context, namespace, wql string, properties []string, options ...Option) ([]Row, error) {
	var rows []Row
	err := inApartment(ctx, wmiPlaces, "ExecQuery", func(ctx context.Context) error {
		s, err := connect(namespace, options)
		if err != nil {
			return err
		}
		defer s.close()
		rows, err = s.query(ctx, wql, properties)
		return err
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Exec runs a method of an instance, or a static one when path is the class,
// and gives the named results, ReturnValue among them.
func Exec(ctx context.Context, namespace, path, method string, in []Param, out []string, options ...Option) (Row, error) {
	var row Row
	err := inApartment(ctx, wmiPlaces, "ExecMethod", func(context.Context) error {
		s, err := connect(namespace, options)
		if err != nil {
			return err
		}
		defer s.close()
		row, err = s.exec(path, method, in, out)
		return err
	})
	if err != nil {
		return nil, err
	}
	return row, nil
}

// Put sets properties of an instance that exists.
func Put(ctx context.Context, namespace, path string, set []Param, options ...Option) error {
	return inApartment(ctx, wmiPlaces, "PutInstance", func(context.Context) error {
		s, err := connect(namespace, options)
		if err != nil {
			return err
		}
		defer s.close()
		return s.put(path, set)
	})
}

// session is a connection to one namespace.
type session struct {
	name     string
	services *object // IWbemServices
	context  *object // IWbemContext, nil without options
}

func connect(namespace string, options []Option) (*session, error) {
	locator, err := create("WbemLocator", &clsidLocator, &iidLocator)
	if err != nil {
		return nil, err
	}
	defer locator.release()
	s := &session{name: namespace}
	if s.context, err = newContext(options); err != nil {
		return nil, err
	}
	name := newBSTR(namespace)
	defer name.free()
	const useMaxWait = 0x80 // WBEM_FLAG_CONNECT_USE_MAX_WAIT: two minutes
	// IWbemLocator::ConnectServer
	code := locator.call(3, name.arg(), 0, 0, 0, useMaxWait, 0, 0, uintptr(unsafe.Pointer(&s.services)))
	if code.failed() {
		s.close()
		return nil, fail("ConnectServer", namespace, code)
	}
	// The process's own settings are the same; this is for a process where another
	// one set them first. An object that is no proxy refuses, which is fine.
	call(ole32, "CoSetProxyBlanket", uintptr(unsafe.Pointer(s.services)), 10, 0, 0, 6, 3, 0, 0)
	return s, nil
}

func newContext(options []Option) (*object, error) {
	if len(options) == 0 {
		return nil, nil
	}
	o, err := create("WbemContext", &clsidContext, &iidContext)
	if err != nil {
		return nil, err
	}
	for _, option := range options {
		v, _ := newVariant(option.Value, vtBSTR)
		code := o.call(8, uintptr(unsafe.Pointer(wide(option.Name))), 0, uintptr(unsafe.Pointer(&v))) // SetValue
		v.clear()
		if code.failed() {
			o.release()
			return nil, fail("IWbemContext.SetValue", option.Name, code)
		}
	}
	return o, nil
}

func (s *session) close() {
	s.context.release()
	s.services.release()
}

func (s *session) query(ctx context.Context, wql string, properties []string) ([]Row, error) {
	language, text := newBSTR("WQL"), newBSTR(wql)
	defer language.free()
	defer text.free()
	const forwardNow = 0x20 | 0x10 // WBEM_FLAG_FORWARD_ONLY, WBEM_FLAG_RETURN_IMMEDIATELY
	var rest *object
	code := s.services.call(20, language.arg(), text.arg(), forwardNow, uintptr(unsafe.Pointer(s.context)), uintptr(unsafe.Pointer(&rest)))
	if code.failed() {
		return nil, fail("ExecQuery", s.name+": "+wql, code)
	}
	defer rest.release()
	rows, code := s.rows(ctx, rest, properties)
	return rows, fail("ExecQuery", s.name+": "+wql, code)
}

// rows reads an IEnumWbemClassObject to its end, half a second at a time.
func (s *session) rows(ctx context.Context, rest *object, properties []string) ([]Row, Code) {
	const (
		waitMs   = 500
		timedOut = 0x40004 // WBEM_S_TIMEDOUT
	)
	var rows []Row
	left := maxBytes
	for {
		var o *object
		var n uint32
		code := rest.call(4, waitMs, 1, uintptr(unsafe.Pointer(&o)), uintptr(unsafe.Pointer(&n))) // Next
		switch {
		case code.failed():
			return nil, code
		case ctx.Err() != nil:
			o.release()
			return nil, TimedOut
		case n == 0 && code == timedOut:
			continue
		case n == 0:
			return rows, 0
		}
		row, code := o.row(properties)
		o.release()
		if code != 0 {
			return nil, code
		}
		for _, c := range row {
			left -= len(c.Text)
		}
		if len(rows) == maxRows || left < 0 {
			return nil, TooMuch
		}
		rows = append(rows, row)
	}
}

// row reads properties of an IWbemClassObject.
func (o *object) row(properties []string) (Row, Code) {
	row := make(Row, len(properties))
	for i, name := range properties {
		var v variant
		var cim uint32
		code := o.call(4, uintptr(unsafe.Pointer(wide(name))), 0, uintptr(unsafe.Pointer(&v)), uintptr(unsafe.Pointer(&cim)), 0) // Get
		if code == NotFound {
			// Not a missing instance, which callers may take for an answer.
			code = NoProperty
		}
		if code.failed() {
			return nil, code
		}
		row[i], code = v.cell(cim)
		v.clear()
		if code != 0 {
			return nil, code
		}
	}
	return row, 0
}
