package winapi

import "strconv"

// Code is an HRESULT, a Win32 error or a NERR code, as the call gave it.
type Code uint32

// Codes that callers tell apart.
const (
	NamespaceMissing Code = 0x8004100e // WBEM_E_INVALID_NAMESPACE
	InvalidClass     Code = 0x80041010 // WBEM_E_INVALID_CLASS
	InvalidQuery     Code = 0x80041017 // WBEM_E_INVALID_QUERY
	NotFound         Code = 0x80041002 // WBEM_E_NOT_FOUND: no such instance
	NoProperty       Code = 0x80041031 // WBEM_E_INVALID_PROPERTY: the class has no such property
	AccessDenied     Code = 0x80041003 // WBEM_E_ACCESS_DENIED
	ProviderFailed   Code = 0x80041004 // WBEM_E_FAILED
	NotSupported     Code = 0x80041023 // WBEM_E_PROVIDER_NOT_CAPABLE
	DefenderStopped  Code = 0x800106ba // what Defender's provider says without its service
	RPCUnavailable   Code = 0x800706ba // RPC_S_SERVER_UNAVAILABLE: winmgmt is not there
	ServiceDisabled  Code = 1058       // ERROR_SERVICE_DISABLED
	TimedOut         Code = 0x800705b4 // ERROR_TIMEOUT
	TooMuch          Code = 0x8007000e // E_OUTOFMEMORY: the answer exceeds our limits
	WrongType        Code = 0x80020005 // DISP_E_TYPEMISMATCH
	Missing          Code = 0x80070490 // ERROR_NOT_FOUND: this Windows has no such function
)

// Sentinel is what an error means, whatever its code.
type Sentinel string

// ErrNotExist is an absent key, value, service, account or instance. An absent
// namespace or class is a Code of its own. ErrDenied is a lack of rights.
const (
	ErrNotExist Sentinel = "it does not exist"
	ErrDenied   Sentinel = "access is denied"
)

func (s Sentinel) Error() string { return string(s) }

// Error gives the code as Microsoft's pages print it.
func (c Code) Error() string {
	if c < 0x10000 {
		return "code " + strconv.FormatUint(uint64(c), 10)
	}
	text := strconv.FormatUint(uint64(c), 16)
	return "code 0x" + "00000000"[len(text):] + text
}

// Is sorts codes into the two sentinels.
func (c Code) Is(target error) bool {
	bare := c
	if c>>16 == 0x8007 { // a Win32 error as HRESULT
		bare = c & 0xffff
	}
	switch target {
	case ErrNotExist:
		// ERROR_FILE_NOT_FOUND, PATH_NOT_FOUND, NONE_MAPPED, SERVICE_DOES_NOT_EXIST,
		// NERR_UserNotFound
		return bare == 2 || bare == 3 || bare == 1332 || bare == 1060 || bare == 2221 || c == NotFound
	case ErrDenied:
		// ERROR_ACCESS_DENIED, PRIVILEGE_NOT_HELD, NOT_ALL_ASSIGNED, WBEM_E_PRIVILEGE_NOT_HELD
		return bare == 5 || bare == 1314 || bare == 1300 || c == AccessDenied || c == 0x80041062
	}
	return false
}

// Error is a call that failed.
type Error struct {
	_ [0]func() // no comparison: the compiler would write one
	// Call is the function or method, Object what it was asked about.
	Call, Object string
	Code         Code
}

func (e *Error) Error() string {
	text := "calling " + e.Call
	if e.Object != "" {
		text += " for " + e.Object
	}
	text += ": " + e.Code.Error()
	if e.Code.Is(ErrDenied) {
		return text + ", " + string(ErrDenied)
	}
	if e.Code.Is(ErrNotExist) {
		return text + ", " + string(ErrNotExist)
	}
	return text
}

// Unwrap gives the code.
func (e *Error) Unwrap() error { return e.Code }

// fail makes the error of a call, nil when the code is 0.
func fail(name, object string, code Code) error {
	if code == 0 {
		return nil
	}
	return &Error{Call: name, Object: object, Code: code}
}
