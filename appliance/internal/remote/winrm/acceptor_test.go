//go:build integration

package winrm_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// python is the one that Debian's packages are for.
const python = "/usr/bin/python3"

const (
	oidNTLM     = "1.3.6.1.4.1.311.2.2.10"
	oidKerberos = "1.2.840.113554.1.2.2"
	oidSPNEGO   = "1.3.6.1.5.5.2"
)

// acceptor is testdata/acceptor.py: a host by GSSAPI.
type acceptor struct {
	port int
	tls  bool
	log  *bytes.Buffer
}

// stats is what it has counted.
type stats struct {
	Posts, Handshakes, Plaintext, Sealed, Receives, Open, Created, Deleted, Signals, Connections, Written int
	Mechanisms                                                                                            []string
}

// startAcceptor runs it until the test ends. conf is its configuration.
func startAcceptor(t *testing.T, conf map[string]any, env ...string) *acceptor {
	t.Helper()
	dir := t.TempDir()
	users := filepath.Join(dir, "users")
	write(t, users, "NORTHVALLEY:alice:Secret-1\n")
	if conf["mechanisms"] == nil {
		conf["mechanisms"] = []string{oidNTLM}
	}
	arg, err := json.Marshal(conf)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "testdata/acceptor.py", string(arg))
	cmd.Env = append(append(os.Environ(), "NTLM_USER_FILE="+users), env...)
	a := &acceptor{tls: conf["tls"] != nil, log: &bytes.Buffer{}}
	cmd.Stderr = a.log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close() // ends it
		err := cmd.Wait()
		if t.Failed() {
			t.Logf("acceptor: %v\n%s", err, a.log)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "ready ") {
		t.Fatalf("acceptor did not start: %q, %v\n%s", line, err, a.log)
	}
	if a.port, err = strconv.Atoi(strings.TrimSpace(line[6:])); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *acceptor) stats(t *testing.T) stats {
	t.Helper()
	scheme := "http"
	if a.tls {
		scheme = "https"
	}
	resp, err := insecure.Get(fmt.Sprintf("%s://127.0.0.1:%d/stats", scheme, a.port))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	var s stats
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

var insecure = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: insecureTLS}}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// within is a context for the test, so that nothing hangs.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
