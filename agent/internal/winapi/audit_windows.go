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
	var answer *auditInformation
	err := withSecurity("AuditQuerySystemPolicy", uintptr(unsafe.Pointer(&subcategories[0])), uintptr(len(subcategories)), uintptr(unsafe.Pointer(&answer)))
	if err != nil {
		return nil, err
	}
	if answer == nil {
		return nil, fail("AuditQuerySystemPolicy", "", 13) // ERROR_INVALID_DATA
	}
	settings := make([]uint32, len(subcategories))
	for i, a := range unsafe.Slice(answer, len(subcategories)) {
		if a.subcategory != subcategories[i] {
			err = fail("AuditQuerySystemPolicy", "", 13) // ERROR_INVALID_DATA
		}
		settings[i] = a.setting & (AuditSuccess | AuditFailure)
	}
	_, _ = call(advapi32, "AuditFree", uintptr(unsafe.Pointer(answer)))
	return settings, err
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
	return withSecurity("AuditSetSystemPolicy", uintptr(unsafe.Pointer(&policy[0])), uintptr(len(policy)))
}

// withSecurity calls a function that gives a BOOLEAN with SeSecurityPrivilege,
// which LocalSystem has but not switched on. Only this thread gets it, and only
// for the call.
//
//go:uintptrescapes
func withSecurity(name string, args ...uintptr) error {
	runtime.LockOSThread()
	const impersonation = 2 // SecurityImpersonation
	err := try(givesBool, advapi32, "ImpersonateSelf", "", impersonation)
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	if err = enableSecurity(); err == nil {
		err = try(givesBool, advapi32, name, "", args...)
	}
	// A thread that cannot get rid of the privilege stays locked and so ends with
	// its goroutine.
	if r, _ := call(advapi32, "RevertToSelf"); r != 0 {
		runtime.UnlockOSThread()
	}
	return err
}

// enableSecurity switches the privilege on for this thread.
func enableSecurity() error {
	const (
		thread         = ^uintptr(1)     // what GetCurrentThread gives, -2
		adjustAndQuery = 0x0020 | 0x0008 // TOKEN_ADJUST_PRIVILEGES, TOKEN_QUERY
		enabled        = 0x0002          // SE_PRIVILEGE_ENABLED
	)
	var token syscall.Handle
	err := try(givesBool, advapi32, "OpenThreadToken", "", thread, adjustAndQuery, 1, uintptr(unsafe.Pointer(&token)))
	if err != nil {
		return err
	}
	// TOKEN_PRIVILEGES with one LUID_AND_ATTRIBUTES.
	privileges := [4]uint32{0: 1, 3: enabled}
	err = try(givesBool, advapi32, "LookupPrivilegeValueW", "", 0, uintptr(unsafe.Pointer(wide("SeSecurityPrivilege"))), uintptr(unsafe.Pointer(&privileges[1])))
	if err == nil {
		// It succeeds with ERROR_NOT_ALL_ASSIGNED when the account lacks the privilege.
		_, code := call(advapi32, "AdjustTokenPrivileges", uintptr(token), 0, uintptr(unsafe.Pointer(&privileges)), 0, 0, 0)
		err = fail("AdjustTokenPrivileges", "", code)
	}
	_ = syscall.CloseHandle(token) // nothing was written
	return err
}
