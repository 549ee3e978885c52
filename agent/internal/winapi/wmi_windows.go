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
	j := &job{call: "ExecQuery", namespace: namespace, path: wql, out: properties, options: options}
	if err := j.run(ctx); err != nil {
		return nil, err
	}
	return j.rows, nil
}

// Exec runs a method of an instance, or a static one when path is the class,
// and gives the named results, ReturnValue among them.
func Exec(ctx context.Context, namespace, path, method string, in []Param, out []string, options ...Option) (Row, error) {
	j := &job{call: "ExecMethod", namespace: namespace, path: path, method: method, in: in, out: out, options: options}
	if err := j.run(ctx); err != nil {
		return nil, err
	}
	return j.rows[0], nil
}

// Put sets properties of an instance that exists.
func Put(ctx context.Context, namespace, path string, set []Param, options ...Option) error {
	j := &job{call: "PutInstance", namespace: namespace, path: path, in: set, options: options}
	return j.run(ctx)
}

// job is one call of the three above. Nobody reads rows after an error, because
// the call may go on then.
type job struct {
	call, namespace, path, method string

	in      []Param
	out     []string
	options []Option
	rows    []Row
}

func (j *job) run(ctx context.Context) error { return inApartment(ctx, wmiPlaces, j.call, j.do) }

func (j *job) do(ctx context.Context) error {
	s := &session{name: j.namespace}
	err := s.connect(j.options)
	switch {
	case err != nil:
	case j.method != "":
		j.rows = make([]Row, 1)
		j.rows[0], err = s.exec(j.path, j.method, j.in, j.out)
	case j.out != nil:
		j.rows, err = s.query(ctx, j.path, j.out)
	default:
		err = s.put(j.path, j.in)
	}
	s.close()
	return err
}

// session is a connection to one namespace.
type session struct {
	name     string
	services *object // IWbemServices
	context  *object // IWbemContext, nil without options
	given    []*object
	texts    []bstr
}

// keep has an object released at the session's end. Nothing does so for a panic,
// which ends the agent.
func (s *session) keep(o *object) *object {
	s.given = append(s.given, o)
	return o
}

// text makes a string for COM that lives as long as the session.
func (s *session) text(text string) uintptr {
	b := newBSTR(text)
	s.texts = append(s.texts, b)
	return b.arg()
}

func (s *session) close() {
	for _, b := range s.texts {
		b.free()
	}
	for _, o := range s.given {
		o.release()
	}
	s.context.release()
	s.services.release()
}

func (s *session) connect(options []Option) error {
	locator, err := create("WbemLocator", &clsidLocator, &iidLocator)
	s.keep(locator)
	for i := range options {
		if err == nil {
			err = s.option(&options[i])
		}
	}
	if err != nil {
		return err
	}
	const useMaxWait = 0x80 // WBEM_FLAG_CONNECT_USE_MAX_WAIT: two minutes
	// IWbemLocator::ConnectServer
	code := locator.call(3, s.text(s.name), 0, 0, 0, useMaxWait, 0, 0, uintptr(unsafe.Pointer(&s.services)))
	if code.failed() {
		return fail("ConnectServer", s.name, code)
	}
	// The process's own settings are the same; this is for a process where another
	// one set them first. An object that is no proxy refuses, which is fine.
	call(ole32, "CoSetProxyBlanket", uintptr(unsafe.Pointer(s.services)), 10, 0, 0, 6, 3, 0, 0)
	return nil
}

// option puts a value into the context.
func (s *session) option(option *Option) (err error) {
	if s.context == nil {
		if s.context, err = create("WbemContext", &clsidContext, &iidContext); err != nil {
			return err
		}
	}
	v := variant{kind: vtBSTR, value: uint64(s.text(option.Value))}
	code := s.context.call(8, uintptr(unsafe.Pointer(wide(option.Name))), 0, uintptr(unsafe.Pointer(&v))) // SetValue
	if !code.failed() {
		code = 0
	}
	return fail("IWbemContext.SetValue", option.Name, code)
}

func (s *session) query(ctx context.Context, wql string, properties []string) (rows []Row, err error) {
	const forwardNow = 0x20 | 0x10 // WBEM_FLAG_FORWARD_ONLY, WBEM_FLAG_RETURN_IMMEDIATELY
	var rest *object
	code := s.services.call(20, s.text("WQL"), s.text(wql), forwardNow, uintptr(unsafe.Pointer(s.context)), uintptr(unsafe.Pointer(&rest)))
	s.keep(rest)
	if !code.failed() {
		rows, code = s.rows(ctx, rest, properties)
	}
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
