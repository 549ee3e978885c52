package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/central/internal/config"
)

func TestWiring(t *testing.T) {
	if err := fx.ValidateApp(app(config.Default(), slog.New(slog.DiscardHandler))); err != nil {
		t.Errorf("ValidateApp = %v", err)
	}
}

// verb runs one verb to its end.
func verb(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

// folder writes a configuration with free ports and returns its path and the
// data folder.
func folder(t *testing.T) (path, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	path = filepath.Join(t.TempDir(), "c.yaml")
	content := "data_dir: " + dir + "\napi_listen: 127.0.0.1:0\nweb_listen: 127.0.0.1:0\npublic_url: https://127.0.0.1:8443\nlog_format: json\n"
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, dir
}

// logged collects lines and says when "ready" was among them.
type logged struct {
	mu    sync.Mutex
	lines []map[string]any
	ready chan struct{}
	once  sync.Once
}

// Write implements io.Writer; slog writes one line at a time.
func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var line map[string]any
	if json.Unmarshal(p, &line) == nil {
		l.lines = append(l.lines, line)
		if line["msg"] == "ready" {
			l.once.Do(func() { close(l.ready) })
		}
	}
	return len(p), nil
}

func TestServeFromInitToStop(t *testing.T) {
	path, dir := folder(t)
	if code, _, err := verb(t, "serve", "--config", path); code != 1 || !strings.Contains(err, "osiris-central init") {
		t.Fatalf("serve before init = %d %s; want 1 and the verb to run", code, err)
	}
	if code, out, err := verb(t, "init", "--config", path); code != 0 || !strings.Contains(out, "fingerprint") {
		t.Fatalf("init = %d %s%s", code, out, err)
	}
	token, err := os.ReadFile(filepath.Join(dir, "operator.token"))
	if err != nil {
		t.Fatal(err)
	}
	if code, out, err := verb(t, "init", "--config", path); code != 0 {
		t.Fatalf("init again = %d %s%s", code, out, err)
	}
	if again, err := os.ReadFile(filepath.Join(dir, "operator.token")); err != nil || !bytes.Equal(again, token) {
		t.Errorf("init again changed the token: %v", err)
	}

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	log := &logged{ready: make(chan struct{})}
	done := make(chan int, 1)
	go func() { done <- run(ctx, []string{"serve", "--config", path}, io.Discard, log) }()
	select {
	case <-log.ready:
	case code := <-done:
		t.Fatalf("serve ended with %d: %v", code, log.lines)
	}
	signIn(t, path)
	shakeHands(t, dir)
	stop()
	if code := <-done; code != 0 {
		t.Errorf("serve = %d after it was stopped; want 0: %v", code, log.lines)
	}
	if code, out, err := verb(t, "rebuild", "--config", path); code != 0 || !strings.Contains(out, "0 bundles") {
		t.Errorf("rebuild = %d %s%s", code, out, err)
	}
}

// signIn uses a login link twice.
func signIn(t *testing.T, path string) {
	t.Helper()
	code, link, err := verb(t, "login-link", "--config", path)
	if code != 0 || strings.Count(link, "\n") != 1 {
		t.Fatalf("login-link = %d %q %s; want one line", code, link, err)
	}
	for try, want := range []int{http.StatusOK, http.StatusForbidden} {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Jar: jar}
		answer, err := client.Get(strings.TrimSpace(link))
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil {
			t.Error(err)
		}
		if answer.StatusCode != want {
			t.Errorf("try %d of the link = %d; want %d", try, answer.StatusCode, want)
		}
	}
}

// shakeHands sees the TLS that appliances see.
func shakeHands(t *testing.T, dir string) {
	t.Helper()
	addr, err := os.ReadFile(filepath.Join(dir, "api.addr"))
	if err != nil {
		t.Fatal(err)
	}
	authority, err := os.ReadFile(filepath.Join(dir, "ca", "tls.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	at := strings.TrimSpace(string(addr))
	for name, tt := range map[string]struct {
		config *tls.Config
		good   bool
	}{
		"TLS 1.3 under the authority": {&tls.Config{RootCAs: roots}, true},
		"TLS 1.2":                     {&tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS12}, false},
		"another authority":           {&tls.Config{RootCAs: x509.NewCertPool()}, false},
	} {
		conn, err := tls.Dial("tcp", at, tt.config)
		if (err == nil) != tt.good {
			t.Errorf("%s = %v; want it to work: %t", name, err, tt.good)
		}
		if err == nil {
			if n := len(conn.ConnectionState().PeerCertificates); n != 2 {
				t.Errorf("the server sent %d certificates; want its own and the authority", n)
			}
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestABusyPortIsOneClearLine(t *testing.T) {
	path, _ := folder(t)
	if code, _, err := verb(t, "init", "--config", path); code != 0 {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	code, _, said := verb(t, "serve", "--config", path, "--set", "api_listen="+l.Addr().String())
	last := said[strings.LastIndex(strings.TrimSpace(said), "\n")+1:]
	if code != 1 || !strings.Contains(last, "api_listen") || !strings.Contains(last, "in use") {
		t.Errorf("serve on a busy port = %d:\n%s", code, said)
	}
}

func TestTheRootMayStayElsewhere(t *testing.T) {
	path, dir := folder(t)
	offline := filepath.Join(t.TempDir(), "offline")
	if code, out, err := verb(t, "init", "--config", path, "--no-root"); code != 0 || !strings.Contains(out, "root delegate") {
		t.Fatalf("init --no-root = %d %s%s", code, out, err)
	}
	if code, _, err := verb(t, "serve", "--config", path); code != 1 || !strings.Contains(err, "delegate") {
		t.Errorf("serve without a delegation = %d %s", code, err)
	}
	for _, args := range [][]string{
		{"root", "init", "--dir", offline},
		{"root", "delegate", "--dir", offline, "--online-key", filepath.Join(dir, "online.pub"), "--out", filepath.Join(dir, "delegation.bin")},
	} {
		if code, out, err := verb(t, args...); code != 0 {
			t.Fatalf("%v = %d %s%s", args, code, out, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "root.key")); err == nil {
		t.Error("the root's key is in the data folder")
	}
	if code, out, err := verb(t, "init", "--config", path); code != 0 || !strings.Contains(out, "fingerprint") {
		t.Errorf("init afterwards = %d %s%s", code, out, err)
	}
}

func TestVerbsAndMistakes(t *testing.T) {
	path, _ := folder(t)
	for name, tt := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no verb":                 {nil, 2, "verb is missing"},
		"an unknown verb":         {[]string{"go"}, 2, "no verb \"go\""},
		"an unknown flag":         {[]string{"serve", "--x"}, 2, "-x"},
		"an argument":             {[]string{"serve", "x"}, 2, "unexpected"},
		"root without a folder":   {[]string{"root", "init"}, 2, "--dir"},
		"a delegation of nothing": {[]string{"root", "delegate", "--dir", "x"}, 2, "--out"},
		"a delegation by nobody":  {[]string{"root", "delegate", "--dir", "/none", "--online-key", "/none", "--out", "/none"}, 1, "public key"},
		"a link before init":      {[]string{"login-link", "--config", path}, 1, "init"},
		"a setting that is none":  {[]string{"validate", "--config", path, "--set", "x"}, 2, "KEY=VALUE"},
		"validate":                {[]string{"validate", "--config", path}, 0, "valid"},
		"sample":                  {[]string{"sample"}, 0, "data_dir"},
		"version":                 {[]string{"version"}, 0, "osiris-central"},
		"help":                    {[]string{"help"}, 0, "login-link"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, err := verb(t, tt.args...)
			if code != tt.code || !strings.Contains(out+err, tt.says) {
				t.Errorf("%v = %d; want %d with %q\n%s%s", tt.args, code, tt.code, tt.says, out, err)
			}
		})
	}
}
