package winapi

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/osiriscare/osiris/agent/internal/fakewbem"
)

// Shorter, because tables of them follow.
type (
	fakeAnswer = fakewbem.Answer
	fakeObject = fakewbem.Object
	fakeValue  = fakewbem.Value
)

// value is a property: how it travels, its CIM type, what it is.
func value(kind uint16, cim uint32, data any) fakeValue {
	return fakeValue{Kind: kind, CIM: cim, Data: data}
}

// connected is a connection to the fake.
func connected(s *fakewbem.Services) *session {
	p := s.Pointer()
	return &session{name: `root\fake`, services: *(**object)(unsafe.Pointer(&p))}
}

// released fails a test that leaves references behind.
func released(t *testing.T) {
	t.Helper()
	before := fakewbem.Alive()
	t.Cleanup(func() {
		if n := fakewbem.Alive() - before; n != 0 {
			t.Errorf("%d references to COM objects were not released", n)
		}
	})
}

// only has one class or instance.
func only(path string, o *fakeObject) func(string) *fakeObject {
	return func(asked string) *fakeObject {
		if asked == path {
			return o
		}
		return nil
	}
}

// answering answers one query.
func answering(a fakeAnswer) *fakewbem.Services {
	return &fakewbem.Services{Query: func(r *fakewbem.Request) fakeAnswer {
		if r.Text != "SELECT" {
			return fakeAnswer{Code: fakewbem.InvalidClass}
		}
		return a
	}}
}

func ask(t *testing.T, a fakeAnswer, properties ...string) ([]Row, error) {
	t.Helper()
	released(t)
	s := connected(answering(a))
	defer s.close()
	return s.query(t.Context(), "SELECT", properties)
}

func TestEveryKindOfVariantIsReadByItsCIMType(t *testing.T) {
	signed := func(n int64) uint64 { return uint64(n) }
	for _, c := range []struct {
		name  string
		value fakeValue
		want  Cell
	}{
		{"null", value(vtNull, 8, nil), Cell{Null: true}},
		{"empty", value(vtEmpty, 8, nil), Cell{Null: true}},
		{"string", value(vtBSTR, 8, "Passive Mode"), Cell{Text: "Passive Mode"}},
		{"string beyond the basic plane", value(vtBSTR, 8, "Praxis 𝄞 Müller"), Cell{Text: "Praxis 𝄞 Müller"}},
		{"empty string", value(vtBSTR, 8, ""), Cell{Text: ""}},
		{"no string", value(vtBSTR, 8, uint64(0)), Cell{Text: ""}},
		{"true is all bits", value(vtBool, cimBool, uint64(0xffff)), Cell{Text: "true"}},
		{"false", value(vtBool, cimBool, uint64(0)), Cell{Text: "false"}},
		{"uint8", value(vtUI1, cimUint8, uint64(255)), Cell{Text: "255"}},
		{"sint8 comes as VT_I2", value(vtI2, 16, uint64(0xffff)), Cell{Text: "-1"}},
		{"uint16 comes as VT_I4", value(vtI4, cimUint16, uint64(65535)), Cell{Text: "65535"}},
		{"sint16", value(vtI2, cimSint16, uint64(0x8000)), Cell{Text: "-32768"}},
		{"uint32 comes as a negative VT_I4", value(vtI4, cimUint32, signed(-2147217394)), Cell{Text: "2147749902"}},
		{"uint32 as VT_UI4", value(vtUI4, cimUint32, uint64(math.MaxUint32)), Cell{Text: "4294967295"}},
		{"sint32", value(vtI4, cimSint32, signed(-5)), Cell{Text: "-5"}},
		{"uint64 comes as a string", value(vtBSTR, 21, "18446744073709551615"), Cell{Text: "18446744073709551615"}},
		{"VT_UI8", value(vtUI8, 21, uint64(math.MaxUint64)), Cell{Text: "18446744073709551615"}},
		{"VT_I8", value(vtI8, 20, signed(math.MinInt64)), Cell{Text: "-9223372036854775808"}},
		{"real32", value(vtR4, 4, uint64(math.Float32bits(1.5))), Cell{Text: "1.5"}},
		{"real64", value(vtR8, 5, math.Float64bits(-0.25)), Cell{Text: "-0.25"}},
		{"date with an offset", value(vtBSTR, cimDate, "20261122010000.000000+060"), Cell{Text: "2026-11-22T00:00:00Z"}},
		{"date without a value", value(vtNull, cimDate, nil), Cell{Null: true}},
		{"date with wildcards stays", value(vtBSTR, cimDate, "2026**********.******+***"), Cell{Text: "2026**********.******+***"}},
		{"interval", value(vtBSTR, cimDate, "00000001000000.000000:000"), Cell{Text: "86400"}},
		{"what looks like a date in a string stays", value(vtBSTR, 8, "20261122010000.000000+060"), Cell{Text: "20261122010000.000000+060"}},
		{"strings", value(vtArray|vtBSTR, vtArray|8, []any{"a", "", "ü"}), Cell{Text: "a\n\nü"}},
		{"uint16s", value(vtArray|vtI4, vtArray|cimUint16, []any{uint64(1), uint64(65535)}), Cell{Text: "1\n65535"}},
		{"bytes", value(vtArray|vtUI1, vtArray|cimUint8, []any{uint64(0), uint64(200)}), Cell{Text: "0\n200"}},
		{"booleans", value(vtArray|vtBool, vtArray|cimBool, []any{uint64(0xffff), uint64(0)}), Cell{Text: "true\nfalse"}},
		{"empty array", value(vtArray|vtBSTR, vtArray|8, []any{}), Cell{Text: ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, err := ask(t, fakeAnswer{Rows: []*fakeObject{{Values: map[string]fakeValue{"P": c.value}}}}, "P")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Row{{c.want}}, rows); diff != "" {
				t.Errorf("wrong rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnswersThatAreNotRows(t *testing.T) {
	row := &fakeObject{Values: map[string]fakeValue{"P": value(vtI4, cimUint32, uint64(7))}}
	many := make([]*fakeObject, maxRows+1)
	for i := range many {
		many[i] = row
	}
	long := &fakeObject{Values: map[string]fakeValue{"P": value(vtBSTR, 8, strings.Repeat("x", 60000))}}
	heavy := make([]*fakeObject, maxBytes/60000+1)
	for i := range heavy {
		heavy[i] = long
	}
	for _, c := range []struct {
		name     string
		answer   fakeAnswer
		property string
		want     Code
	}{
		{"the class is not there", fakeAnswer{Code: uint32(InvalidClass)}, "P", InvalidClass},
		{"Defender's service is stopped", fakeAnswer{Code: uint32(DefenderStopped)}, "P", DefenderStopped},
		{"access denied when the rows are fetched", fakeAnswer{Then: uint32(AccessDenied)}, "P", AccessDenied},
		{"an error after some rows", fakeAnswer{Rows: []*fakeObject{row, row}, Then: uint32(ProviderFailed)}, "P", ProviderFailed},
		{"a property that the class lacks", fakeAnswer{Rows: []*fakeObject{row}}, "Q", NoProperty},
		{"an object within an object", fakeAnswer{Rows: []*fakeObject{{Values: map[string]fakeValue{"P": value(13, 13, uint64(0))}}}}, "P", WrongType},
		{"too many rows", fakeAnswer{Rows: many}, "P", TooMuch},
		{"too many bytes", fakeAnswer{Rows: heavy}, "P", TooMuch},
		{"too long an array", fakeAnswer{Rows: []*fakeObject{{Values: map[string]fakeValue{"P": value(vtArray|vtUI1, vtArray|cimUint8, make([]any, maxElements+1))}}}}, "P", TooMuch},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, err := ask(t, c.answer, c.property)
			if !errors.Is(err, c.want) || rows != nil {
				t.Errorf("query = %d rows, %v; want none and %v", len(rows), err, c.want)
			}
		})
	}
}

func TestNoInstanceIsAnEmptyAnswer(t *testing.T) {
	if rows, err := ask(t, fakeAnswer{}, "P"); err != nil || len(rows) != 0 {
		t.Errorf("query = %v, %v; want no rows and no error", rows, err)
	}
}

func TestASlowProviderIsWaitedForUntilTheContextEnds(t *testing.T) {
	row := &fakeObject{Values: map[string]fakeValue{"P": value(vtI4, cimUint32, uint64(7))}}
	if rows, err := ask(t, fakeAnswer{Rows: []*fakeObject{row, row}, Slow: 3}, "P"); err != nil || len(rows) != 2 {
		t.Errorf("query = %v, %v; want two rows", rows, err)
	}
	released(t)
	s := connected(answering(fakeAnswer{Rows: []*fakeObject{row}, Slow: math.MaxInt}))
	defer s.close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.query(ctx, "SELECT", []string{"P"}); !errors.Is(err, TimedOut) {
		t.Errorf("query of a provider that hangs = %v; want %v", err, TimedOut)
	}
}

func TestMethodsGetTheirParametersByDeclaredType(t *testing.T) {
	released(t)
	parameters := &fakeObject{Values: map[string]fakeValue{
		"Flag": value(vtNull, cimBool, nil), "Count": value(vtNull, cimUint32, nil), "Byte": value(vtNull, cimUint8, nil),
		"Text": value(vtNull, 8, nil), "Long": value(vtNull, 21, nil), "List": value(vtNull, vtArray|8, nil),
	}}
	class := &fakeObject{Methods: map[string]*fakeObject{"Do": parameters, "Plain": nil}}
	result := &fakeObject{Values: map[string]fakeValue{"ReturnValue": value(vtI4, cimUint32, uint64(0)), "Out": value(vtI4, cimUint32, uint64(3))}}
	var ran []fakewbem.Request
	var code Code
	s := connected(&fakewbem.Services{
		Get: only("Class", class),
		Exec: func(r *fakewbem.Request) (*fakeObject, uint32) {
			ran = append(ran, fakewbem.Request{Text: r.Text, Method: r.Method, Set: r.Set})
			return result, uint32(code)
		},
	})
	defer s.close()
	row, err := s.exec(`Class.Key="a=b.c"`, "Do", []Param{{"Flag", "true"}, {"Count", "4294967295"}, {"Byte", "200"}, {"Text", "ü"}, {"Long", "18446744073709551615"}}, []string{"Out", "ReturnValue"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Row{{Text: "3"}, {Text: "0"}}, row); diff != "" {
		t.Errorf("wrong results (-want +got):\n%s", diff)
	}
	want := []fakewbem.Request{{Text: `Class.Key="a=b.c"`, Method: "Do", Set: []fakewbem.Setting{
		{Name: "Flag", Text: "true", Kind: vtBool},
		{Name: "Count", Text: "-1", Kind: vtI4}, // the same 32 bits
		{Name: "Byte", Text: "200", Kind: vtUI1},
		{Name: "Text", Text: "ü", Kind: vtBSTR},
		{Name: "Long", Text: "18446744073709551615", Kind: vtBSTR},
	}}}
	if diff := cmp.Diff(want, ran, cmpopts.IgnoreUnexported(fakewbem.Request{})); diff != "" {
		t.Errorf("wrong call (-want +got):\n%s", diff)
	}
	if _, err := s.exec("Class", "Plain", nil, []string{"Out"}); err != nil {
		t.Errorf("a method without parameters: %v", err)
	}
	for _, c := range []struct {
		name, method string
		in           []Param
		want         Code
	}{
		{"no such method", "Nothing", nil, NotFound},
		{"no such parameter", "Do", []Param{{"Nothing", "1"}}, NotFound},
		{"parameters for a method without", "Plain", []Param{{"Flag", "true"}}, NotFound},
		{"text for a number", "Do", []Param{{"Count", "many"}}, WrongType},
		{"text for a boolean", "Do", []Param{{"Flag", "maybe"}}, WrongType},
		{"a number beyond its type", "Do", []Param{{"Byte", "256"}}, WrongType},
		{"a list", "Do", []Param{{"List", "a"}}, WrongType},
	} {
		before := len(ran)
		if _, err := s.exec("Class", c.method, c.in, nil); !errors.Is(err, c.want) || len(ran) != before {
			t.Errorf("%s: exec = %v; want %v and nothing run", c.name, err, c.want)
		}
	}
	code = AccessDenied
	if _, err := s.exec("Class", "Do", nil, nil); !errors.Is(err, ErrDenied) {
		t.Errorf("a refused method = %v; want %v", err, ErrDenied)
	}
}

func TestAnInstanceIsChangedInPlace(t *testing.T) {
	released(t)
	var changed []fakewbem.Setting
	var code Code
	s := connected(&fakewbem.Services{
		Get: only("Profile.Name=1", &fakeObject{Values: map[string]fakeValue{"Enabled": value(vtI4, cimUint16, uint64(0))}}),
		Put: func(r *fakewbem.Request) uint32 {
			changed = append(changed, r.Set...)
			return uint32(code)
		},
	})
	defer s.close()
	if err := s.put("Profile.Name=1", []Param{{"Enabled", "1"}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]fakewbem.Setting{{Name: "Enabled", Text: "1", Kind: vtI4}}, changed); diff != "" {
		t.Errorf("wrong instance (-want +got):\n%s", diff)
	}
	if err := s.put("Profile.Name=2", []Param{{"Enabled", "1"}}); !errors.Is(err, ErrNotExist) {
		t.Errorf("put on an absent instance = %v; want %v", err, ErrNotExist)
	}
	code = AccessDenied
	if err := s.put("Profile.Name=1", nil); !errors.Is(err, ErrDenied) {
		t.Errorf("a refused put = %v; want %v", err, ErrDenied)
	}
}

func TestAHangingCallKeepsItsPlaceAndNotItsCaller(t *testing.T) {
	places := make(chan struct{}, 1)
	hang := make(chan struct{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	do := func(context.Context) error { <-hang; return nil }
	for range 2 { // the second does not even get a place
		if err := inApartment(ctx, places, "Hang", do); !errors.Is(err, TimedOut) {
			t.Errorf("inApartment = %v; want %v", err, TimedOut)
		}
	}
	close(hang)
	if err := inApartment(t.Context(), places, "Work", func(context.Context) error { return nil }); err != nil {
		t.Errorf("after the hanging call has ended: %v", err)
	}
}

func TestWineAnswersAsWindowsDoes(t *testing.T) {
	needWine(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	const cimv2 = `root\cimv2`
	rows, err := Query(ctx, cimv2, "SELECT * FROM Win32_OperatingSystem", []string{"BuildNumber", "ProductType", "LastBootUpTime", "__RELPATH"}, ProviderContext("PolicyStore", "ActiveStore"))
	if err != nil || len(rows) != 1 || rows[0][0].Text != "18362" || rows[0][1].Text != "1" {
		t.Errorf("Query = %v, %v; want one Windows 10 workstation", rows, err)
	} else if _, err := time.Parse(time.RFC3339, rows[0][2].Text); err != nil {
		t.Errorf("LastBootUpTime: %v", err)
	}
	rows, err = Query(ctx, cimv2, "SELECT * FROM Win32_LogicalDisk WHERE DriveType=3", []string{"DeviceID", "Size", "FreeSpace"})
	if err != nil || len(rows) == 0 || rows[0][0].Text != "C:" || len(rows[0][1].Text) < 9 {
		t.Errorf("Query of disks = %v, %v; want C: with some gigabytes", rows, err)
	}
	for _, c := range []struct {
		namespace, query, property string
		want                       Code
	}{
		{`root\no\such`, "SELECT * FROM X", "P", NamespaceMissing},
		{cimv2, "NOT WQL", "P", InvalidQuery},
		{cimv2, "SELECT * FROM Win32_OperatingSystem", "NoSuchProperty", NoProperty},
	} {
		if rows, err := Query(ctx, c.namespace, c.query, []string{c.property}); !errors.Is(err, c.want) || rows != nil {
			t.Errorf("Query(%s, %s) = %v, %v; want %v", c.namespace, c.query, rows, err, c.want)
		}
	}
	row, err := Exec(ctx, cimv2, "StdRegProv", "GetStringValue", []Param{
		// HKEY_LOCAL_MACHINE; Wine declares it signed.
		{"hDefKey", "-2147483646"}, {"sSubKeyName", `SOFTWARE\Microsoft\Windows NT\CurrentVersion`}, {"sValueName", "CurrentBuild"},
	}, []string{"ReturnValue", "sValue"})
	if diff := cmp.Diff(Row{{Text: "0"}, {Text: "18362"}}, row); err != nil || diff != "" {
		t.Errorf("Exec = %v (-want +got):\n%s", err, diff)
	}
}
