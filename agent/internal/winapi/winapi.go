// Package winapi is the agent's way to Windows: registry, WMI, services, local
// accounts, audit policy, Windows Update. Types, errors and parsers build on
// every system, calls on Windows only. It knows no check; it reads and sets
// what it is asked for and gives text.
//
// Registry keys start with HKLM\ or HKU\ and mean the 64-bit view. Times are
// RFC 3339 in UTC, durations seconds, sizes bytes. Every function's error is an
// *Error that says which call failed for what; errors.Is knows ErrNotExist,
// ErrDenied and each Code.
//
// COM calls run on a locked thread of their own, three at a time, and end with
// the context: a call that hangs in a provider keeps its thread and its place,
// not the caller. Answers are bounded in rows and bytes. Nothing here starts a
// program, and WMI goes through vtables, not IDispatch, which Wine 8 lacks.
//
// Sources: agent/internal/probe/sources.txt has the page of each function that is
// called here, which a test compares; places in COM's tables of methods are from
// wbemcli.h and wuapi.h, structures from the functions' pages; [MS-WMIO] for CIM
// types (read 2026-11-22).
package winapi

// Cell is one property of an instance. Integers are decimal, booleans true and
// false, arrays lines; dates are RFC 3339 in UTC, intervals seconds.
type Cell struct {
	_    [0]func() // no comparison: the compiler would write one, 500 bytes
	Text string
	// Null is VT_NULL or VT_EMPTY: the provider said nothing.
	Null bool
}

// Row is one instance, its cells in the order that was asked for.
type Row []Cell

// Option is one value of the context that a WMI provider gets, such as
// PolicyStore=ActiveStore.
type Option struct {
	_           [0]func() // as in Cell
	Name, Value string
}

// ProviderContext makes an Option.
func ProviderContext(name, value string) Option { return Option{Name: name, Value: value} }

// Param is one argument of a method or one property that is set. WMI converts
// the text to the type that the class declares; booleans are true and false.
type Param struct{ Name, Text string }

// Service is how the service manager holds a service or a driver.
type Service struct {
	// State is 1 stopped, 2 starting, 3 stopping, 4 running, 7 paused.
	State uint32
	// Start is 0 boot, 1 system, 2 automatic, 3 by hand, 4 disabled.
	Start uint32
	// Delayed services start some minutes after boot; Trigger ones when something
	// happens, so that being stopped is normal for them.
	Delayed, Trigger bool
}

// States and start types of a Service.
const (
	ServiceStopped = 1
	ServiceRunning = 4

	StartAutomatic = 2
	StartManual    = 3
	StartDisabled  = 4
)

// Forever is a duration without end (TIMEQ_FOREVER).
const Forever = 0xffffffff

// Modals are the password rules of the local account database; on a domain
// controller they are the domain's.
type Modals struct {
	// MinLength and History count characters and remembered passwords.
	MinLength, History uint32
	// MaxAge and MinAge are seconds; MaxAge may be Forever.
	MaxAge, MinAge uint32
}

// Lockout is what happens after wrong passwords.
type Lockout struct {
	// Threshold is how many are allowed; 0 means any number.
	Threshold uint32
	// Duration and Window are seconds; Duration may be Forever.
	Duration, Window uint32
}

// GUID is laid out as Windows has it in memory.
type GUID struct {
	A    uint32
	B, C uint16
	D    [8]byte
}

// Audit settings of one subcategory.
const (
	AuditSuccess = 1
	AuditFailure = 2
)

// Update is one update that Windows Update finds applicable and not installed.
type Update struct {
	// ID is the update's identity, a GUID; Title is in the language of Windows.
	ID, Title string
	// KB are article numbers without the letters.
	KB []string
	// Severity is MsrcSeverity, empty on cumulative updates of Windows 10 and 11.
	Severity string
	// Security tells whether it is in the category Security Updates.
	Security bool
	// Downloaded tells whether it only waits for its installation.
	Downloaded bool
	// Published is its LastDeploymentChangeTime, RFC 3339 in UTC.
	Published string
}
