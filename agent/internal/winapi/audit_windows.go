package winapi

import (
	"runtime"
	"syscall"
	"unsafe"
)

// auditInformation is AUDIT_POLICY_INFORMATION.
type auditInformation struct {
	subcategory GUID
	setting     uint32
	category    GUID
}

// auditNone is POLICY_AUDIT_EVENT_NONE: to set 0 would leave it unchanged.
const auditNone = 4

// AuditSystem reads the effective settings of subcategories, AuditSuccess and
// AuditFailure as bits, in the order of the arguments.
func AuditSystem(subcategories []GUID) ([]uint32, error) {
	if len(subcategories) == 0 {
		return nil, nil
	}
	settings := make([]uint32, len(subcategories))
	return settings, withSecurity("AuditQuerySystemPolicy", func() (uintptr, Code) {
		var answer *auditInformation
		r, code := call(advapi32, "AuditQuerySystemPolicy", uintptr(unsafe.Pointer(&subcategories[0])), uintptr(len(subcategories)), uintptr(unsafe.Pointer(&answer)))
		if byte(r) == 0 || answer == nil {
			return 0, code
		}
		defer call(advapi32, "AuditFree", uintptr(unsafe.Pointer(answer)))
		for i, a := range unsafe.Slice(answer, len(subcategories)) {
			if a.subcategory != subcategories[i] {
				return 0, 13 // ERROR_INVALID_DATA
			}
			settings[i] = a.setting & (AuditSuccess | AuditFailure)
		}
		return 1, 0
	})
}

// SetAuditSystem sets subcategories; settings are as AuditSystem gives them.
func SetAuditSystem(subcategories []GUID, settings []uint32) error {
	if len(subcategories) == 0 || len(subcategories) != len(settings) {
		return fail("AuditSetSystemPolicy", "", 87) // ERROR_INVALID_PARAMETER
	}
	policy := make([]auditInformation, len(subcategories))
	for i, s := range settings {
		if s == 0 {
			s = auditNone
		}
		policy[i] = auditInformation{subcategory: subcategories[i], setting: s}
	}
	return withSecurity("AuditSetSystemPolicy", func() (uintptr, Code) {
		return call(advapi32, "AuditSetSystemPolicy", uintptr(unsafe.Pointer(&policy[0])), uintptr(len(policy)))
	})
}

// withSecurity runs a call that gives a BOOLEAN with SeSecurityPrivilege, which
// LocalSystem has but not switched on. Only this thread gets it, and only for
// the call.
func withSecurity(name string, do func() (uintptr, Code)) error {
	runtime.LockOSThread()
	const impersonation = 2 // SecurityImpersonation
	r, code := call(advapi32, "ImpersonateSelf", impersonation)
	if r == 0 {
		runtime.UnlockOSThread()
		return fail("ImpersonateSelf", "", code)
	}
	code = enableSecurity()
	if code == 0 {
		if r, code = do(); byte(r) != 0 {
			code = 0
		} else if code == 0 {
			code = 31 // ERROR_GEN_FAILURE: it failed and did not say why
		}
	}
	// A thread that cannot get rid of the privilege stays locked and so ends with
	// its goroutine.
	if r, _ := call(advapi32, "RevertToSelf"); r != 0 {
		runtime.UnlockOSThread()
	}
	return fail(name, "", code)
}

// enableSecurity switches the privilege on for this thread.
func enableSecurity() Code {
	const (
		adjustAndQuery = 0x0020 | 0x0008 // TOKEN_ADJUST_PRIVILEGES, TOKEN_QUERY
		enabled        = 0x0002          // SE_PRIVILEGE_ENABLED
	)
	thread, code := call(kernel32, "GetCurrentThread")
	if thread == 0 {
		return code
	}
	var token syscall.Token
	if r, code := call(advapi32, "OpenThreadToken", thread, adjustAndQuery, 1, uintptr(unsafe.Pointer(&token))); r == 0 {
		return code
	}
	defer token.Close() //nolint:errcheck // nothing was written
	// TOKEN_PRIVILEGES with one LUID_AND_ATTRIBUTES.
	privileges := [4]uint32{0: 1, 3: enabled}
	if r, code := call(advapi32, "LookupPrivilegeValueW", 0, uintptr(unsafe.Pointer(wide("SeSecurityPrivilege"))), uintptr(unsafe.Pointer(&privileges[1]))); r == 0 {
		return code
	}
	// It succeeds with ERROR_NOT_ALL_ASSIGNED when the account lacks the privilege.
	_, code = call(advapi32, "AdjustTokenPrivileges", uintptr(token), 0, uintptr(unsafe.Pointer(&privileges)), 0, 0, 0)
	return code
}
