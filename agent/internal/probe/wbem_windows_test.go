package probe

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/fakewbem"
	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/shared/check"
)

// wbemWindows is a fixture whose WMI part is asked as on Windows: through COM, as
// VARIANTs, strings and dates of WMI, by the agent's own calls. The rest is
// answered as in TestWindowsFixtures.
type wbemWindows struct {
	*fakeWindows
	real windowsSystem
	// types and conditions are those of sources.txt: by NAMESPACE:CLASS|PROPERTY and
	// by NAMESPACE:CLASS, a line each.
	types, conditions map[string]string
	// late lets a query succeed and fail when its rows are fetched, as Windows does
	// when the provider is the one who refuses; rows are waited for then.
	late  bool
	asked map[string]bool
}

func (w *wbemWindows) query(ctx context.Context, q *query) ([]winapi.Row, error) {
	return w.real.query(ctx, q)
}

func (w *wbemWindows) method(ctx context.Context, namespace, object, method, argument, result string) (winapi.Row, error) {
	return w.real.method(ctx, namespace, object, method, argument, result)
}

// namespaceMissing is WBEM_E_INVALID_NAMESPACE (wbemcli.h).
const namespaceMissing = 0x8004100e

// connect gives a namespace, unless all that the fixture has of it is that it is
// not there.
func (w *wbemWindows) connect(namespace string) (*fakewbem.Services, uint32) {
	there := false
	for place := range w.classes {
		there = there || strings.HasPrefix(place, namespace+":")
	}
	for place, code := range w.failures {
		there = there || strings.HasPrefix(place, "wmi "+namespace+":") && code != namespaceMissing
	}
	if !there {
		return nil, namespaceMissing
	}
	return &fakewbem.Services{
		Query: func(r *fakewbem.Request) fakewbem.Answer { return w.answer(namespace, r) },
		Get:   w.class,
		Exec:  func(r *fakewbem.Request) (*fakewbem.Object, uint32) { return w.run(namespace, r) },
	}, 0
}

var wql = regexp.MustCompile(`\ASELECT ([A-Za-z0-9_,]+) FROM ([A-Za-z0-9_]+)(?: WHERE (.+))?\z`)

func (w *wbemWindows) answer(namespace string, r *fakewbem.Request) fakewbem.Answer {
	m := wql.FindStringSubmatch(r.Text)
	if m == nil {
		w.t.Errorf("%q is no WQL", r.Text)
		return fakewbem.Answer{Code: fakewbem.InvalidQuery}
	}
	class := namespace + ":" + m[2]
	if !slices.Contains(strings.Split(w.conditions[class], "\n"), m[3]) {
		w.t.Errorf("%s is asked for %q; sources.txt has %q", class, m[3], w.conditions[class])
	}
	place := class
	if store := r.Option("PolicyStore"); store != "" {
		place += " PolicyStore=" + store
	}
	w.asked[class] = true
	if code := uint32(w.failures["wmi "+place]); code != 0 && !w.late {
		return fakewbem.Answer{Code: code}
	} else if code != 0 {
		return fakewbem.Answer{Then: code, Slow: 1}
	}
	instances, ok := w.classes[place]
	if !ok {
		w.t.Errorf("the fixture has no %s", place)
		return fakewbem.Answer{Code: fakewbem.InvalidClass}
	}
	var a fakewbem.Answer
	if w.late {
		a.Slow = 2
	}
	for _, instance := range instances {
		a.Rows = append(a.Rows, w.object(class, strings.Split(m[1], ","), instance))
	}
	return a
}

// object has the properties with their types; what the fixture leaves out has no
// value.
func (w *wbemWindows) object(class string, properties []string, instance check.Facts) *fakewbem.Object {
	o := &fakewbem.Object{Values: map[string]fakewbem.Value{}}
	for _, name := range properties {
		cimType, ok := w.types[class+"|"+name]
		if !ok {
			w.t.Errorf("sources.txt has no type of %s.%s", class, name)
		}
		text, there := instance.Get(name)
		if !there {
			o.Values[name] = fakewbem.NoValue(cimType)
			continue
		}
		value, err := fakewbem.NewValue(cimType, text)
		if err != nil {
			w.t.Errorf("%s.%s: %v", class, name, err)
		}
		o.Values[name] = value
	}
	return o
}

// methods are those that the table calls, with the types of what they are given.
// Microsoft's pages of Win32_EncryptableVolume declare them so.
var methods = map[string]map[string]string{
	"GetConversionStatus": {"PrecisionFactor": "uint32"},
	"GetSuspendCount":     nil,
}

// given is what the table gives to them.
var given = map[string][]fakewbem.Setting{
	"GetConversionStatus": {{Name: "PrecisionFactor", Text: "0", Kind: fakewbem.I4}},
}

// class declares the methods.
func (*wbemWindows) class(path string) *fakewbem.Object {
	if path != "Win32_EncryptableVolume" {
		return nil
	}
	class := &fakewbem.Object{Methods: map[string]*fakewbem.Object{}}
	for name, types := range methods {
		class.Methods[name] = nil // without parameters there is no such object
		if types == nil {
			continue
		}
		in := &fakewbem.Object{Values: map[string]fakewbem.Value{}}
		for parameter, cimType := range types {
			in.Values[parameter] = fakewbem.NoValue(cimType)
		}
		class.Methods[name] = in
	}
	return class
}

func (w *wbemWindows) run(namespace string, r *fakewbem.Request) (*fakewbem.Object, uint32) {
	place := r.Text + " " + r.Method
	if code := uint32(w.failures["method "+place]); code != 0 {
		return nil, code
	}
	if !slices.Equal(r.Set, given[r.Method]) {
		w.t.Errorf("%s gets %v; want %v", place, r.Set, given[r.Method])
	}
	answer, ok := w.fakeWindows.methods.Get(place)
	if !ok {
		w.t.Errorf("the fixture has no method %s", place)
		return nil, fakewbem.NotFound
	}
	class, _, _ := strings.Cut(r.Text, ".")
	o := &fakewbem.Object{Values: map[string]fakewbem.Value{}}
	for place, cimType := range w.types {
		if result, ok := strings.CutPrefix(place, namespace+":"+class+"|"+r.Method+"."); ok {
			o.Values[result] = fakewbem.NoValue(cimType)
		}
	}
	for _, fact := range parseRow(answer) {
		cimType := "uint32" // of ReturnValue
		if fact.Name != "ReturnValue" {
			cimType = w.types[namespace+":"+class+"|"+r.Method+"."+fact.Name]
		}
		value, err := fakewbem.NewValue(cimType, fact.Value)
		if err != nil {
			w.t.Errorf("%s: %s: %v", place, fact.Name, err)
		}
		o.Values[fact.Name] = value
	}
	w.asked[namespace+" "+r.Method] = true
	return o, 0
}

// readTypes reads sources.txt.
func (w *wbemWindows) readTypes(t *testing.T) {
	t.Helper()
	content, err := os.ReadFile("sources.txt")
	if err != nil {
		t.Fatal(err)
	}
	w.types, w.conditions = map[string]string{}, map[string]string{}
	for line := range strings.Lines(string(content)) {
		field := strings.Split(line, " | ")
		switch {
		case len(field) < 4:
		case field[0] == "wmi":
			w.types[field[1]+"|"+field[2]] = field[3]
		case field[0] == "where":
			w.conditions[field[1]] = strings.TrimPrefix(w.conditions[field[1]]+"\n"+field[2], "\n")
		}
	}
}

// serve answers for this process's WMI from the fixture, and sees that nothing of
// it is kept.
func (w *wbemWindows) serve(t *testing.T) {
	t.Helper()
	before := fakewbem.Alive()
	stop, err := fakewbem.Serve(w.connect)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
		if n := fakewbem.Alive() - before; n != 0 {
			t.Errorf("%d references to COM objects were not released", n)
		}
	})
}

// ownWords is how a fixture names a reading that failed; the real call says its
// own.
var ownWords = regexp.MustCompile(`\ANot readable: .*: (code [0-9a-fx]+[^:]*\.)\z`)

// TestWindowsFixturesThroughCOM reads every fixture that WMI answers as the agent
// reads Windows, and wants the fixture's verdict.
func TestWindowsFixturesThroughCOM(t *testing.T) {
	files, err := filepath.Glob("testdata/windows/*/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are %d fixtures (%v)", len(files), err)
	}
	asked, types := map[string]bool{}, map[string]string{}
	for _, file := range files {
		id := check.ID(filepath.Base(filepath.Dir(file)))
		for _, late := range []bool{false, true} {
			name := string(id) + "/" + strings.TrimSuffix(filepath.Base(file), ".txt")
			if late {
				name += " late"
			}
			t.Run(name, func(t *testing.T) {
				w := &wbemWindows{fakeWindows: openFixture(t, file), late: late, asked: asked}
				w.readTypes(t)
				w.serve(t)
				m := w.machine()
				m.provider = w
				facts, err := m.read(t.Context(), windowsSources(id))
				if err != nil {
					facts = failed(err)
				}
				for _, want := range w.facts {
					if !slices.Contains(facts, want) {
						t.Errorf("the readers do not give the fact %s %q; all are %q", want.Name, want.Value, facts)
					}
				}
				v := check.Judge(id, facts, w.parameters.Get)
				got := strings.TrimSpace(v.Status.String() + " " + v.Severity)
				reason, want := v.Reason, w.reason
				if strings.HasPrefix(want, "Not readable: calling a function for wmi") {
					reason, want = ownWords.ReplaceAllString(reason, "$1"), ownWords.ReplaceAllString(want, "$1")
				}
				if got != w.want || v.Actual != w.actual || reason != want {
					t.Errorf("the verdict is\nwant %s\nactual %s\nreason %s\nand the fixture has\nwant %s\nactual %s\nreason %s\nwith facts %q",
						got, v.Actual, reason, w.want, w.actual, want, facts)
				}
				types = w.types
			})
		}
	}
	// What no fixture asks was not tried. The host's own classes have tests below.
	hosts := []string{"Win32_OperatingSystem", "Win32_ComputerSystem", "Win32_ComputerSystemProduct"}
	for place := range types {
		class, property, _ := strings.Cut(place, "|")
		method, _, isMethod := strings.Cut(property, ".")
		namespace, name, _ := strings.Cut(class, ":")
		switch {
		case isMethod && !asked[namespace+" "+method]:
			t.Errorf("no fixture calls %s of %s", method, class)
		case !asked[class] && !slices.Contains(hosts, name):
			t.Errorf("no fixture asks for %s", class)
		}
	}
}

func TestHostFactsThroughCOM(t *testing.T) {
	w := &wbemWindows{fakeWindows: openFixture(t, "testdata/windows/host.txt"), asked: map[string]bool{}}
	w.readTypes(t)
	w.serve(t)
	m := w.machine()
	want, err := m.read(t.Context(), "host")
	if err != nil {
		t.Fatal(err)
	}
	m = w.machine()
	m.provider = w
	if got, err := m.read(t.Context(), "host"); err != nil || !slices.Equal(got, want) {
		t.Errorf("host facts through COM are %q, %v; want %q", got, err, want)
	}
}

func TestTheIdentityThroughCOM(t *testing.T) {
	w := &wbemWindows{fakeWindows: memberWindows(t), asked: map[string]bool{}}
	w.readTypes(t)
	w.serve(t)
	want := told(t, w.machine())
	m := w.machine()
	m.provider = w
	if got := told(t, m); !slices.Equal(got, want) || got[2] == "" || !w.asked[`root\cimv2:Win32_ComputerSystemProduct`] {
		t.Errorf("the identity through COM is %q; want %q", got, want)
	}
}
