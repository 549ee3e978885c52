//go:build !osiris_agent

package check

import (
	"strings"
	"testing"
)

func TestTheNamedServicesAreThoseOfTheTable(t *testing.T) {
	var names []string
	for _, need := range strings.Split(serviceRulings, "Service=")[1:] {
		name, _, _ := strings.Cut(need, ";")
		names = append(names, name)
	}
	if got := strings.Join(names, ","); got != CriticalServiceNames {
		t.Errorf("the table has %s; CriticalServiceNames is %s", got, CriticalServiceNames)
	}
}

// The pairs are from ntsecapi.h: Audit_Logon_AccountLockout and so on.
func TestAuditSettingsHaveTheSubcategorysGUID(t *testing.T) {
	want := map[string]uint8{
		"account_lockout": 0x17, "audit_policy_change": 0x2f, "authentication_policy_change": 0x30, "credential_validation": 0x3f,
		"logoff": 0x16, "logon": 0x15, "process_creation": 0x2b, "security_group_management": 0x37,
		"sensitive_privilege_use": 0x28, "user_account_management": 0x35,
	}
	settings := AuditSettings(nil)
	for _, s := range settings {
		if want[s.Name] != s.ID || s.Want == 0 || s.Want > 3 {
			t.Errorf("%s is %02x and asks for %d; want %02x", s.Name, s.ID, s.Want, want[s.Name])
		}
	}
	if len(settings) != len(want) {
		t.Errorf("there are %d subcategories; want %d", len(settings), len(want))
	}
}

func TestRolesAreWhatWMISays(t *testing.T) {
	for role, want := range map[string]int{
		"0": roleKnown | roleWorkstation, "1": roleKnown | roleWorkstation | roleDomain,
		"2": roleKnown, "3": roleKnown | roleDomain,
		"4": roleKnown | roleDomain | roleController, "5": roleKnown | roleDomain | roleController,
		"": 0, "6": 0, "10": 0, "/": 0,
	} {
		if got := roleOf(Facts{{FactDomainRole, role}}); got != want {
			t.Errorf("roleOf(%q) = %d; want %d", role, got, want)
		}
	}
}
