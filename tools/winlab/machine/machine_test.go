package machine_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/osiriscare/osiris/tools/winlab/labca"
	"github.com/osiriscare/osiris/tools/winlab/machine"
	"github.com/osiriscare/osiris/tools/winlab/wsman"
)

func start(t *testing.T, ca *labca.CA) *machine.Machine {
	t.Helper()
	m, err := machine.New(machine.Config{
		Name: "WS01", Domain: "NORTHVALLEY", DNSDomain: "northvalley.example", CA: ca,
		Host: wsman.HostFunc(func(context.Context, string, io.Reader, io.Writer, io.Writer) int { return 0 }),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// ask gives the status of an empty POST.
func ask(t *testing.T, c *http.Client, url string) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/wsman", strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

func client(t *testing.T, ca *labca.CA) *http.Client {
	t.Helper()
	tr := &http.Transport{TLSClientConfig: &tls.Config{ServerName: "ws01.northvalley.example", MinVersion: tls.VersionTLS12}}
	if ca != nil {
		tr.TLSClientConfig.RootCAs = ca.Pool()
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func TestBothListenersAnswer(t *testing.T) {
	ca, err := labca.New("Lab")
	if err != nil {
		t.Fatal(err)
	}
	m := start(t, ca)
	for _, url := range []string{"http://" + m.HTTP(), "https://" + m.HTTPS()} {
		if status, err := ask(t, client(t, ca), url); status != http.StatusUnauthorized || err != nil {
			t.Errorf("%s = HTTP %d, %v", url, status, err)
		}
	}
}

func TestAHungMachineAcceptsAndIsSilentUntilItWakes(t *testing.T) {
	m := start(t, nil)
	m.Hang(true)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", m.HTTP())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 12)
	if _, err := conn.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("Read = %q, %v; want silence", b, err)
	}
	m.Hang(false)
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, b); err != nil || string(b) != "HTTP/1.1 401" {
		t.Errorf("Read = %q, %v; want HTTP 401", b, err)
	}
}

func TestARebootingMachineRefusesAndComesBack(t *testing.T) {
	m := start(t, nil)
	c := client(t, nil)
	url := "http://" + m.HTTP()
	if err := m.Reboot(300 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if status, err := ask(t, c, url); !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("while away = HTTP %d, %v; want a refused connection", status, err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		status, err := ask(t, c, url)
		if status == http.StatusUnauthorized {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("after it = HTTP %d, %v", status, err)
		}
	}
}

func TestARebootThatWasAskedForComesLater(t *testing.T) {
	m := start(t, nil)
	c := client(t, nil)
	url := "http://" + m.HTTP()
	m.RebootAfter(0, time.Hour)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := ask(t, c, url); err != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it does not go down")
		}
	}
}

func TestAMachineCanBeClosedWhileItReboots(t *testing.T) {
	m := start(t, nil)
	m.RebootAfter(time.Hour, time.Hour)
	if err := m.Reboot(time.Hour); err != nil {
		t.Fatal(err)
	}
	m.Close()
	m.RebootAfter(0, 0)
	if err := m.Reboot(0); err != nil {
		t.Error(err)
	}
}

func TestAnotherCertificate(t *testing.T) {
	ca, err := labca.New("Lab")
	if err != nil {
		t.Fatal(err)
	}
	m := start(t, ca)
	url := "https://" + m.HTTPS()
	other, err := ca.Host("dc1.northvalley.example")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Present(other); err != nil {
		t.Fatal(err)
	}
	var wrongName x509.HostnameError
	if status, err := ask(t, client(t, ca), url); !errors.As(err, &wrongName) {
		t.Errorf("the certificate of another host = HTTP %d, %v", status, err)
	}
	stranger, err := labca.New("Stranger")
	if err != nil {
		t.Fatal(err)
	}
	forged, err := stranger.Host("ws01.northvalley.example")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Present(forged); err != nil {
		t.Fatal(err)
	}
	var unknown x509.UnknownAuthorityError
	if status, err := ask(t, client(t, ca), url); !errors.As(err, &unknown) {
		t.Errorf("the certificate of another authority = HTTP %d, %v", status, err)
	}
}

func TestAMachineWithoutAHostIsRefused(t *testing.T) {
	if m, err := machine.New(machine.Config{Name: "WS01"}); err == nil {
		m.Close()
		t.Error("New = nil; want an error")
	}
}
