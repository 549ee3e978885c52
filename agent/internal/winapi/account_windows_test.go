package winapi

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestAnAccountWhoseStateIsUnknownIsNotAbsent(t *testing.T) {
	needWine(t) // Wine names the SID and has no such account
	name, _, err := Account501()
	if name == "" || err == nil || errors.Is(err, ErrNotExist) {
		t.Errorf("Account501 = %q, %v; want a name and an error that is not %v", name, err, ErrNotExist)
	}
	if err := DisableAccount("osiris has no such account"); !errors.Is(err, ErrNotExist) {
		t.Errorf("DisableAccount = %v; want %v", err, ErrNotExist)
	}
}

func TestWhatWineLacksIsAnErrorAndNotAnAnswer(t *testing.T) {
	needWine(t)
	logon := GUID{0x0cce9215, 0x69ae, 0x11d9, [8]byte{0xbe, 0xd3, 0x50, 0x50, 0x54, 0x50, 0x30, 0x30}}
	if settings, err := AuditSystem([]GUID{logon}); err == nil {
		t.Errorf("AuditSystem = %v; want an error, Wine has a stub", settings)
	}
	if err := SetAuditSystem([]GUID{logon}, []uint32{AuditSuccess}); err == nil {
		t.Error("SetAuditSystem succeeded; want an error, Wine has a stub")
	}
	if m, err := PasswordModals(); err == nil {
		t.Errorf("PasswordModals = %v; want an error, Wine lacks level 0", m)
	}
	if l, err := LockoutModals(); err == nil {
		t.Errorf("LockoutModals = %v; want an error, Wine lacks level 3", l)
	}
	if h, err := SecurityHealth(SecurityAntivirus); !errors.Is(err, Missing) {
		t.Errorf("SecurityHealth = %d, %v; want %v, there is no wscapi.dll", h, err, Missing)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if updates, err := PendingUpdates(ctx); err == nil {
		t.Errorf("PendingUpdates = %v; want an error, Wine has no search", updates)
	}
	if required, err := RebootRequired(ctx); err != nil || required {
		t.Errorf("RebootRequired = %t, %v; want false", required, err)
	}
}

func TestAuditSettingsAndSubcategoriesComeInPairs(t *testing.T) {
	if err := SetAuditSystem(make([]GUID, 2), make([]uint32, 1)); err == nil {
		t.Error("SetAuditSystem with one setting for two subcategories succeeded")
	}
	if settings, err := AuditSystem(nil); err != nil || settings != nil {
		t.Errorf("AuditSystem(nil) = %v, %v; want nothing", settings, err)
	}
}

func TestAServiceIsReadStartedAndStopped(t *testing.T) {
	needWine(t)
	const name = "Spooler"
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if s, err := QueryService("no such service"); !errors.Is(err, ErrNotExist) {
		t.Errorf("QueryService of an absent one = %v, %v; want %v", s, err, ErrNotExist)
	}
	for range 2 { // starting what runs, and stopping what is stopped, is fine
		if err := StartService(ctx, name); err != nil {
			t.Fatal(err)
		}
	}
	if s, err := QueryService(name); err != nil || s.State != ServiceRunning {
		t.Errorf("QueryService = %v, %v; want it running", s, err)
	}
	for range 2 {
		if err := StopService(ctx, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := SetServiceStart(name, StartDisabled); err != nil {
		t.Fatal(err)
	}
	if s, err := QueryService(name); err != nil || s != (Service{State: ServiceStopped, Start: StartDisabled}) {
		t.Errorf("QueryService = %v, %v; want it stopped and disabled", s, err)
	}
	if err := StartService(ctx, name); !errors.Is(err, ServiceDisabled) {
		t.Errorf("StartService of a disabled one = %v; want %v", err, ServiceDisabled)
	}
	if err := SetServiceStart(name, StartManual); err != nil {
		t.Fatal(err)
	}
}
