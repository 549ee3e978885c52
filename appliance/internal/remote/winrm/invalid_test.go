package winrm_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
)

func TestWhatCannotWorkIsRefusedBeforeAConnection(t *testing.T) {
	good := winrm.Command{Line: "x"}
	ntlm := winrm.Credential{Method: winrm.NTLM, User: "alice", Password: "p"}
	for name, c := range map[string]struct {
		endpoint   winrm.Endpoint
		credential winrm.Credential
		command    winrm.Command
	}{
		"no host":                            {winrm.Endpoint{}, ntlm, good},
		"a host with markup":                 {winrm.Endpoint{Host: "a<b"}, ntlm, good},
		"a host with a line end":             {winrm.Endpoint{Host: "a\r\nX: y"}, ntlm, good},
		"a name with a line end":             {winrm.Endpoint{Host: "a", Name: "b\n"}, ntlm, good},
		"a port beyond the last":             {winrm.Endpoint{Host: "a", Port: 65536}, ntlm, good},
		"basic without leave":                {winrm.Endpoint{Host: "a"}, basic, good},
		"basic in the open without leave":    {winrm.Endpoint{Host: "a", HTTP: true, AllowBasic: true}, basic, good},
		"plain text without basic":           {winrm.Endpoint{Host: "a", HTTP: true, AllowPlain: true}, ntlm, good},
		"a certificate in the open":          {winrm.Endpoint{Host: "a", HTTP: true}, winrm.Credential{Method: winrm.Certificate}, good},
		"a certificate that is missing":      {winrm.Endpoint{Host: "a"}, winrm.Credential{Method: winrm.Certificate}, good},
		"no method":                          {winrm.Endpoint{Host: "a"}, winrm.Credential{User: "a", Password: "p"}, good},
		"no password":                        {winrm.Endpoint{Host: "a"}, winrm.Credential{Method: winrm.NTLM, User: "a"}, good},
		"kerberos without a realm":           {winrm.Endpoint{Host: "a"}, winrm.Credential{Method: winrm.Kerberos, User: "a", Password: "p"}, good},
		"kerberos without a kdc":             {winrm.Endpoint{Host: "a"}, winrm.Credential{Method: winrm.Kerberos, User: "a@B", Password: "p"}, good},
		"no command":                         {winrm.Endpoint{Host: "a"}, ntlm, winrm.Command{}},
		"a command that ends its own quotes": {winrm.Endpoint{Host: "a"}, ntlm, winrm.Command{Line: "x]]><y>"}},
		"a command of two lines":             {winrm.Endpoint{Host: "a"}, ntlm, winrm.Command{Line: "x\ny"}},
		"a command beyond cmd.exe":           {winrm.Endpoint{Host: "a"}, ntlm, winrm.Command{Line: strings.Repeat("x", 8192)}},
		"input beyond memory":                {winrm.Endpoint{Host: "a"}, ntlm, winrm.Command{Line: "x", Stdin: make([]byte, 17<<20)}},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{dial: func() error { return errRefused }}
			_, err := f.road(t, winrm.Config{}).Run(t.Context(), c.endpoint, c.credential, c.command)
			if dials, _ := f.count(); !errors.Is(err, winrm.ErrInvalid) || dials != 0 {
				t.Errorf("Run = %v after %d connections; want %v", err, dials, winrm.ErrInvalid)
			}
		})
	}
}

func TestACredentialDoesNotPrintItsSecret(t *testing.T) {
	c := winrm.Credential{Method: winrm.NTLM, User: `NORTHVALLEY\alice`, Password: "Secret-1"}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "credential", c, "pointer", &c)
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), fmt.Sprintf("%v", &c), fmt.Sprintf("%+v", struct{ C winrm.Credential }{c}), log.String()} {
		if strings.Contains(text, "Secret-1") || !strings.Contains(text, "alice") {
			t.Errorf("it prints %s", text)
		}
	}
}
