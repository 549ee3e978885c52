package wsman_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/masterzen/winrm"

	"github.com/osiriscare/osiris/tools/winlab/labca"
	"github.com/osiriscare/osiris/tools/winlab/machine"
	"github.com/osiriscare/osiris/tools/winlab/wsman"
)

// script is a host of a few commands.
func script(ctx context.Context, line string, stdin io.Reader, stdout, stderr io.Writer) int {
	name, rest, _ := strings.Cut(line, " ")
	switch name {
	case "echo":
		_, _ = fmt.Fprintln(stdout, rest)
	case "umlauts":
		_, _ = stdout.Write(bytes.Repeat([]byte("äöü€"), 1000))
	case "fill":
		n, _ := strconv.Atoi(rest)
		_, _ = stdout.Write(bytes.Repeat([]byte{'x'}, n))
	case "fail":
		_, _ = io.WriteString(stderr, "no\r\n")
		return 3
	case "cat":
		_, _ = io.Copy(stdout, stdin)
	case "wait":
		<-ctx.Done()
		return 1
	case "slow":
		time.Sleep(1200 * time.Millisecond)
		_, _ = io.WriteString(stdout, "late")
	default:
		_, _ = fmt.Fprintf(stderr, "'%s' is not recognized", name)
		return 1
	}
	return 0
}

const password = "Pa55-wörd"

// start runs a machine until the test ends.
func start(t *testing.T, change func(*machine.Config)) *machine.Machine {
	t.Helper()
	cfg := machine.Config{
		Name: "WS01", Domain: "NORTHVALLEY", DNSDomain: "northvalley.example",
		Accounts: []machine.Account{{User: "osiris", Password: password}}, Host: wsman.HostFunc(script),
	}
	if change != nil {
		change(&cfg)
	}
	m, err := machine.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// stock is the client of masterzen/winrm, which shares no code with the lab.
func stock(t *testing.T, address string, ca *labca.CA, seal bool) *winrm.Client {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	e := winrm.NewEndpoint(host, n, ca != nil, false, nil, nil, nil, 20*time.Second)
	if ca != nil {
		e.CACert = ca.PEM()
	}
	p := winrm.NewParameters("PT20S", "en-US", 153600)
	p.TransportDecorator = func() winrm.Transporter { return &winrm.ClientNTLM{} }
	if seal {
		enc, err := winrm.NewEncryption("ntlm")
		if err != nil {
			t.Fatal(err)
		}
		p.TransportDecorator = func() winrm.Transporter { return enc }
	}
	c, err := winrm.NewClientWithParameters(e, `NORTHVALLEY\osiris`, password, p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// run gives no standard input: the stock client sends it beside Receive, on
// one handshake's state, and crashes (seen 2026-11-22).
func run(t *testing.T, c *winrm.Client, line string) (string, string, int, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	exit, err := c.RunWithContext(ctx, line, &out, &errs)
	return out.String(), errs.String(), exit, err
}

func TestTheStockClientRunsCommandsSealed(t *testing.T) {
	m := start(t, func(c *machine.Config) { c.Split = 7 })
	c := stock(t, m.HTTP(), nil, true)
	for _, want := range []struct {
		line, out, errs string
		exit            int
	}{
		{"echo hello", "hello\n", "", 0},
		{"umlauts", strings.Repeat("äöü€", 1000), "", 0},
		{"fail", "", "no\r\n", 3},
		{"fill 20000", strings.Repeat("x", 20000), "", 0},
	} {
		out, errs, exit, err := run(t, c, want.line)
		if err != nil || out != want.out || errs != want.errs || exit != want.exit {
			t.Errorf("%s = %d bytes, %q, %d, %v; want %d bytes, %q, %d",
				want.line, len(out), errs, exit, err, len(want.out), want.errs, want.exit)
		}
	}
	st := m.Service().Stats()
	if st.Sealed == 0 || st.Plain != 0 || st.Shells != 0 || st.ShellsMade != 4 {
		t.Errorf("Stats = %+v", st)
	}
}

func TestTheStockClientRunsCommandsOverTLS(t *testing.T) {
	ca, err := labca.New("Lab")
	if err != nil {
		t.Fatal(err)
	}
	m := start(t, func(c *machine.Config) { c.CA = ca })
	out, _, _, err := run(t, stock(t, m.HTTPS(), ca, false), "echo hello")
	if err != nil || out != "hello\n" {
		t.Errorf("echo = %q, %v", out, err)
	}
	if st := m.Service().Stats(); st.TLS == 0 || st.Plain != 0 {
		t.Errorf("Stats = %+v", st)
	}
}

func TestPlainTextIsRefusedUnlessAllowed(t *testing.T) {
	for name, allow := range map[string]bool{"refused": false, "allowed": true} {
		t.Run(name, func(t *testing.T) {
			m := start(t, func(c *machine.Config) { c.AllowUnencrypted = allow })
			out, _, _, err := run(t, stock(t, m.HTTP(), nil, false), "echo hello")
			if allow && (err != nil || out != "hello\n") {
				t.Errorf("echo = %q, %v", out, err)
			}
			if !allow && (err == nil || !strings.Contains(err.Error(), "500")) {
				t.Errorf("echo = %q, %v; want HTTP 500", out, err)
			}
		})
	}
}

func TestOperationTimeoutIsAFaultThatTheClientSurvives(t *testing.T) {
	m := start(t, func(c *machine.Config) { c.Limits.Operation = 300 * time.Millisecond })
	out, _, exit, err := run(t, stock(t, m.HTTP(), nil, true), "slow")
	if err != nil || out != "late" || exit != 0 {
		t.Errorf("slow = %q, %d, %v", out, exit, err)
	}
	if st := m.Service().Stats(); st.Faults[wsman.CodeTimedOut] == 0 {
		t.Errorf("Stats = %+v; want faults of the operation timeout", st)
	}
}

func TestAWrongPasswordIsRefused(t *testing.T) {
	m := start(t, func(c *machine.Config) { c.Accounts[0].Password = "another" })
	if out, _, _, err := run(t, stock(t, m.HTTP(), nil, true), "echo hello"); err == nil {
		t.Errorf("echo = %q", out)
	}
	if st := m.Service().Stats(); st.Logons != 0 || st.ShellsMade != 0 {
		t.Errorf("Stats = %+v", st)
	}
}

func TestTheShellQuotaIsAFault(t *testing.T) {
	m := start(t, func(c *machine.Config) { c.Limits.ShellsPerUser = 2 })
	c := stock(t, m.HTTP(), nil, true)
	for range 2 {
		if _, err := c.CreateShell(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := c.CreateShell()
	var refused *winrm.ExecuteCommandError
	if !errors.As(err, &refused) || !strings.Contains(refused.Body, `Code="2150859173"`) {
		t.Errorf("CreateShell = %v; want the quota's fault", err)
	}
}
