package script

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/kerberos"
	"github.com/osiriscare/osiris/shared/runbook"
)

// proven is a credential, and a road that counts its uses.
type proven struct {
	method winrm.Method
	uses   int
}

func (p *proven) WinRM(context.Context, string, string) (winrm.Credential, string, error) {
	return winrm.Credential{Method: p.method, User: "scan@clinic.lan", Password: "secret"}, "1", nil
}

var errUsed = errors.New("it was used")

func (p *proven) Run(context.Context, winrm.Endpoint, winrm.Credential, winrm.Command) (winrm.Output, error) {
	p.uses++
	return winrm.Output{}, errUsed
}

func TestWhoMayOnlySeeTicketsIsShownNothingElse(t *testing.T) {
	catalogue, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	document, err := catalogue.Scan("windows", catalogue.Texts().Checks("windows")[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []winrm.Method{winrm.NTLM, winrm.NTLMSPNEGO, winrm.Basic, winrm.Certificate, winrm.Kerberos, ""} {
		for _, only := range []bool{true, false} {
			p := &proven{method: method}
			w, err := NewWinRM(p, p, catalogue)
			if err != nil {
				t.Fatal(err)
			}
			want, uses := errUsed, 1
			if only && method != winrm.Kerberos {
				want, uses = ErrTicketOnly, 0
			}
			_, err = w.Run(t.Context(), Target{ID: "ad_1", Host: "x.clinic.lan", Kind: Workstation, Credential: "scan", TicketOnly: only}, document, true)
			if !errors.Is(err, want) || p.uses != uses {
				t.Errorf("%q, tickets only %t: %v after %d uses; want %v", method, only, err, p.uses, want)
			}
		}
	}
}

func TestOnlyTheKDCRefusesThePasswordOfATicket(t *testing.T) {
	for _, c := range []struct {
		err     error
		tickets bool
		want    verdictOnLogin
	}{
		{fmt.Errorf("%w: http status 401", winrm.ErrAuth), true, declined},
		{fmt.Errorf("%w: http status 401", winrm.ErrAuth), false, refused},
		{fmt.Errorf("%w: %w", winrm.ErrAuth, kerberos.ErrRefused), true, refused},
		{winrm.ErrUnreachable, true, nothing},
		{nil, true, accepted},
	} {
		if got := (login{tickets: c.tickets}).standing(c.err); got != c.want {
			t.Errorf("standing(%v) with tickets %t = %d; want %d", c.err, c.tickets, got, c.want)
		}
	}
}
