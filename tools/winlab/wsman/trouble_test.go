package wsman_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/tools/winlab/labca"
	"github.com/osiriscare/osiris/tools/winlab/machine"
	"github.com/osiriscare/osiris/tools/winlab/wsman"
)

// overTLS creates a shell with a client's certificate.
func overTLS(t *testing.T, m *machine.Machine, ca *labca.CA, cert *tls.Certificate) int {
	t.Helper()
	config := &tls.Config{RootCAs: ca.Pool(), MinVersion: tls.VersionTLS12}
	if cert != nil {
		config.Certificates = []tls.Certificate{*cert}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+m.HTTPS()+"/wsman", strings.NewReader(create()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", soapType)
	req.Header.Set("Authorization", "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual")
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func TestTroubleStrikesAsOftenAsItSays(t *testing.T) {
	s := plain(t, nil)
	sh := s.shell()
	id := s.command(sh, "echo x")
	s.m.Service().Trouble(wsman.Trouble{Action: wsman.Receive, Times: 2, Fault: &wsman.Fault{
		Code: wsman.CodeOperationQuota, Value: "s:Receiver", Subcode: "w:QuotaLimit", Reason: "no",
	}})
	for range 2 {
		if _, code := s.send(wsman.Receive, sh, desired(id)); code != "2150859174" {
			t.Errorf("Receive = %q", code)
		}
	}
	if out, _, _ := s.output(sh, id); out != "x\n" {
		t.Errorf("echo = %q", out)
	}
}

func TestTroubleOfTheAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		trouble wsman.Trouble
		judge   func(t *testing.T, status int, h http.Header, body []byte)
	}{
		"dropped": {wsman.Trouble{Drop: true}, func(t *testing.T, status int, _ http.Header, _ []byte) {
			if status != 0 {
				t.Errorf("HTTP %d", status)
			}
		}},
		"cut": {wsman.Trouble{Cut: 10}, func(t *testing.T, status int, h http.Header, body []byte) {
			if status != 0 || h == nil || len(body) != 10 {
				t.Errorf("HTTP %d, %d bytes", status, len(body))
			}
		}},
		"raw": {wsman.Trouble{Raw: &wsman.Raw{Status: 400}}, func(t *testing.T, status int, _ http.Header, body []byte) {
			if status != 400 || len(body) != 0 {
				t.Errorf("HTTP %d %q", status, body)
			}
		}},
		"plain": {wsman.Trouble{Plain: true}, func(t *testing.T, status int, h http.Header, body []byte) {
			if status != 200 || h.Get("Content-Type") != soapType || !bytes.Contains(body, []byte("ShellId")) {
				t.Errorf("HTTP %d %q", status, body)
			}
		}},
		"spoiled": {
			wsman.Trouble{SpoilSealed: func(b []byte) []byte { b[len(b)-30] ^= 1; return b }},
			func(t *testing.T, status int, h http.Header, body []byte) {
				if status != 200 || h.Get("Content-Type") != sealedContent || len(body) < 100 {
					t.Errorf("HTTP %d %q", status, body)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := start(t, nil)
			w := dial(t, m)
			w.logon()
			m.Service().Trouble(c.trouble)
			status, h, body := w.post("", sealedContent, w.seal(create()))
			c.judge(t, status, h, body)
		})
	}
}

func TestTroubleThatHangs(t *testing.T) {
	for name, action := range map[string]wsman.Action{"in the handshake": wsman.Handshake, "after it": wsman.Create} {
		t.Run(name, func(t *testing.T) {
			m := start(t, nil)
			w := dial(t, m)
			if action != wsman.Handshake {
				w.logon()
			}
			m.Service().Trouble(wsman.Trouble{Action: action, Hang: true})
			if err := w.conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			authorization, kind, body := "Negotiate TlRMTVNTUAAB", soapType, []byte(nil)
			if action != wsman.Handshake {
				authorization, kind, body = "", sealedContent, w.seal(create())
			}
			if status, _, _ := w.post(authorization, kind, body); status != 0 {
				t.Errorf("HTTP %d", status)
			}
			if _, err := w.conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("Read = %v; want silence", err)
			}
			m.Service().Calm()
		})
	}
}

func TestAHostThatIsSlowToStopDelaysNobody(t *testing.T) {
	s := plain(t, nil)
	sh := s.shell()
	s.command(sh, "wait")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.m.Close()
	}()
	select {
	case <-done:
	case <-ctx.Done():
		t.Error("Close does not end")
	}
}
