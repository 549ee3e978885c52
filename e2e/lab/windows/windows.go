// Package windows is the Windows hosts that suites of the appliance run against.
// Without OSIRIS_LAB these are hosts of tools/winlab, which run in the process; with
// it, the hosts of the inventory file that it names, which are somebody's virtual
// machines (docs/lab.md).
//
// An inventory is YAML: a list of hosts, each with how it is reached and signed in
// to; secrets are in files of their own that nobody else may read. Only hosts with
// may_change are ever changed. An error names the line. With OSIRIS_LAB_CAPTURE, a
// folder, the replies of the hosts are written there, so that they become fixtures.
package windows

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/tools/winlab/practice"
)

// Variables of the environment.
const (
	InventoryVariable = "OSIRIS_LAB"
	CaptureVariable   = "OSIRIS_LAB_CAPTURE"
)

// Subject is a host that a suite runs against.
type Subject struct {
	Host
	// Secret is the password, CA what signed its certificate besides the system's
	// authorities, PEM.
	Secret string
	CA     string
	// Lab is the host of tools/winlab, nil for a real one.
	Lab *practice.Host
}

// Open gives the hosts; those of tools/winlab end with the test.
func Open(t testing.TB, books *runbook.Catalogue) []Subject {
	t.Helper()
	if file := os.Getenv(InventoryVariable); file != "" {
		in, err := Read(file)
		if err != nil {
			t.Fatal(err)
		}
		out, err := in.Subjects()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	// A domain with a host of each role, and a server in none.
	return append(simulate(t, practice.Config{Hosts: 4}, books, 0, 1, 3), simulate(t, practice.Config{Hosts: 2, Workgroup: true}, books, 1)...)
}

// simulate starts a practice and gives the hosts of these numbers.
func simulate(t testing.TB, cfg practice.Config, books *runbook.Catalogue, numbers ...int) (out []Subject) {
	t.Helper()
	cfg.Healthy, cfg.Catalogue, cfg.Log = true, books, slog.New(slog.DiscardHandler)
	p, err := practice.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	in := p.Inventory()
	for _, n := range numbers {
		address, text, err := net.SplitHostPort(in.Hosts[n].HTTPS)
		if err != nil {
			t.Fatal(err)
		}
		port, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		h := p.Hosts()[n]
		host := Host{
			Name: h.Name, Host: address, Port: port, TLSName: h.Name, Method: "ntlm", User: in.User, Kind: h.Role,
			MayChange: true, Domain: in.DNSDomain,
		}
		if cfg.Workgroup {
			host.Name, host.Domain = h.Name+"-ALONE", ""
		}
		out = append(out, Subject{Host: host, Secret: in.Password, CA: in.CA, Lab: h})
	}
	return out
}

// Capture writes what a host replied to a document, if OSIRIS_LAB_CAPTURE names a
// folder. It writes over nothing: a name is the host's and the document's.
func Capture(host, document string, reply *runbook.Reply) error {
	folder := os.Getenv(CaptureVariable)
	if folder == "" {
		return nil
	}
	line, err := reply.Windows()
	if err != nil {
		return fmt.Errorf("capturing a reply of %s: %w", host, err)
	}
	f, err := os.OpenFile(filepath.Join(folder, host+"-"+document+".txt"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("capturing a reply of %s: %w", host, err)
	}
	_, err = f.Write(line)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("capturing a reply of %s: %w", host, err)
	}
	return nil
}

// Settings are the model's values as a text, for people.
func (b Break) Settings() string {
	text, err := json.Marshal(b.Model)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// ReadCapture reads a reply that Capture wrote.
func ReadCapture(file string) (*runbook.Reply, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading a capture: %w", err)
	}
	reply, err := runbook.ReadReply(content)
	if err != nil {
		return nil, fmt.Errorf("reading the capture %s: %w", file, err)
	}
	return reply, nil
}
