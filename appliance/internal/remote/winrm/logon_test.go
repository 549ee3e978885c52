package winrm_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
)

func TestALogonIsAskedForAndToldOf(t *testing.T) {
	putOff := errors.New("somebody else tries it first")
	for name, tt := range map[string]struct {
		answer func(w http.ResponseWriter, m message) bool
		refuse error
		runs   int
		told   []error // one a logon; nil is accepted
		want   error
	}{
		"a kept connection shows nothing":     {nil, nil, 3, []error{nil}, nil},
		"a refusal is told":                   {statusAt("Create", http.StatusUnauthorized), nil, 1, []error{winrm.ErrAuth}, winrm.ErrAuth},
		"what comes after the logon is not":   {faultAt("Command", 5), nil, 1, []error{nil}, winrm.ErrAuth},
		"who is put off shows nothing":        {nil, putOff, 2, nil, winrm.ErrNotNow},
		"a host that breaks off said nothing": {breakAt("Create"), nil, 1, []error{winrm.ErrUnreachable}, winrm.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := startFake(t, &fake{answer: tt.answer})
				r := f.road(t, winrm.Config{Retries: -1})
				var told []error
				command := winrm.Command{Line: "x", Logon: func(context.Context) (func(error), error) {
					return func(err error) { told = append(told, err) }, tt.refuse
				}}
				for range tt.runs {
					_, err := r.Run(t.Context(), plainEndpoint, basic, command)
					if !errors.Is(err, tt.want) || tt.refuse != nil && !errors.Is(err, tt.refuse) {
						t.Errorf("Run = %v; want %v", err, tt.want)
					}
					time.Sleep(time.Second)
				}
				if diff := cmp.Diff(len(tt.told), len(told)); diff != "" {
					t.Fatalf("logons (-want +got):\n%s%v", diff, told)
				}
				for n := range told {
					if !errors.Is(told[n], tt.told[n]) {
						t.Errorf("told %v; want %v", told[n], tt.told[n])
					}
				}
				if _, live := f.count(); tt.refuse != nil && (live != 0 || f.actions() != "") {
					t.Errorf("the host was asked for %q, %d connections are left; want nothing", f.actions(), live)
				}
			})
		})
	}
}
