package api

import (
	"strings"
	"testing"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

func TestTheAuditLineOfATargetSaysAllThatMatters(t *testing.T) {
	m := &centralv1.AddTargetRequest{Replace: true, Target: &centralv1.Target{
		Name: "srv01", Kind: centralv1.TargetKind_TARGET_KIND_WINDOWS, Host: "srv01.clinic.lan", Port: 5985, TlsName: "srv", Http: true, AllowBasic: true,
		AllowPlain: true, Pin: make([]byte, 32), Credential: "clinic", ObjectGuid: "g", ApplianceId: "a_1", Lab: true,
	}}
	want := "srv01: windows srv01.clinic.lan with clinic, lab: may be changed, replaced, port 5985, named srv, http, basic allowed, plain text allowed, pin " + strings.Repeat("0", 64) +
		", computer account g, by appliance a_1"
	if got := targeted(m); got != want {
		t.Errorf("targeted = %s; want %s", got, want)
	}
	m = &centralv1.AddTargetRequest{Target: &centralv1.Target{
		Name: "clinic", Kind: centralv1.TargetKind_TARGET_KIND_DOMAIN, Host: "clinic.lan", Credential: "ldap", ScanWith: "scan", IncludeOus: []string{"OU=a", "OU=b"},
	}}
	if got, want := targeted(m), "clinic: domain clinic.lan with ldap, scans with scan, only OU=a | OU=b"; got != want {
		t.Errorf("targeted = %s; want %s", got, want)
	}
}
