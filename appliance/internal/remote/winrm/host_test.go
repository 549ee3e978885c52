package winrm_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
)

// fake is a host on pipes, so that its time is the test's. Its answers come
// from a function; what it does not answer is answered by the usual.
type fake struct {
	// answer returns false for the usual reply.
	answer func(w http.ResponseWriter, m message) bool
	// dial may refuse.
	dial func() error
	tls  *tls.Config

	conns   chan net.Conn
	address string // with TLS
	mu      sync.Mutex
	seen    []message
	live    int
	dials   int
}

// message is what a request says.
type message struct {
	action, id, body, authorization string
	connection                      string
}

const (
	theShell   = "11111111-2222-3333-4444-555555555555"
	theCommand = "AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE"
)

// startFake serves until the test ends.
func startFake(t *testing.T, f *fake) *fake {
	t.Helper()
	f.conns = make(chan net.Conn)
	ctx, cancel := context.WithCancel(context.Background())
	next := 0
	s := &http.Server{
		Handler: http.HandlerFunc(f.serve), TLSConfig: f.tls, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo),
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
			next++
			return context.WithValue(ctx, connection{}, fmt.Sprint(next))
		},
		ConnState: func(_ net.Conn, state http.ConnState) {
			f.mu.Lock()
			defer f.mu.Unlock()
			switch state {
			case http.StateNew:
				f.live++
			case http.StateClosed, http.StateHijacked:
				f.live--
			default:
			}
		},
	}
	var tcp net.Listener
	if f.tls != nil {
		var err error
		if tcp, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		f.address = tcp.Addr().String()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if tcp != nil {
			_ = s.ServeTLS(tcp, "", "") // until closed
			return
		}
		_ = s.Serve(pipes{f, ctx}) // until closed
	}()
	t.Cleanup(func() {
		cancel()
		_ = s.Close()
		<-done
	})
	return f
}

type connection struct{}

// pipes is a listener.
type pipes struct {
	f   *fake
	ctx context.Context //nolint:containedctx // the listener's life
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.f.conns:
		return c, nil
	case <-p.ctx.Done():
		return nil, net.ErrClosed
	}
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// connect is a Road's Dial.
func (f *fake) connect(ctx context.Context, _, _ string) (net.Conn, error) {
	f.mu.Lock()
	f.dials++
	f.mu.Unlock()
	if f.dial != nil {
		if err := f.dial(); err != nil {
			return nil, err
		}
	}
	if f.tls != nil {
		// A pipe holds nothing, so that two who both speak would wait for ever.
		return (&net.Dialer{}).DialContext(ctx, "tcp", f.address)
	}
	ours, theirs := net.Pipe()
	select {
	case f.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

var (
	actionText = regexp.MustCompile(`/([A-Za-z]+)</a:Action>`)
	idText     = regexp.MustCompile(`<a:MessageID>([^<]*)<`)
)

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	m := message{body: string(b), authorization: r.Header.Get("Authorization"), connection: r.Context().Value(connection{}).(string)}
	if a := actionText.FindStringSubmatch(m.body); a != nil {
		m.action = a[1]
	}
	if id := idText.FindStringSubmatch(m.body); id != nil {
		m.id = id[1]
	}
	f.mu.Lock()
	f.seen = append(f.seen, m)
	f.mu.Unlock()
	if f.answer == nil || !f.answer(w, m) {
		f.usual(w, m)
	}
}

// usual answers as a host does whose every command prints "ok".
func (f *fake) usual(w http.ResponseWriter, m message) {
	switch m.action {
	case "Create":
		soap(w, m, "http://schemas.xmlsoap.org/ws/2004/09/transfer/CreateResponse", "<rsp:Shell><rsp:ShellId>"+theShell+"</rsp:ShellId></rsp:Shell>")
	case "Delete":
		soap(w, m, "http://schemas.xmlsoap.org/ws/2004/09/transfer/DeleteResponse", "")
	case "Command":
		soap(w, m, nsShell+"/CommandResponse", "<rsp:CommandResponse><rsp:CommandId>"+theCommand+"</rsp:CommandId></rsp:CommandResponse>")
	case "Send":
		soap(w, m, nsShell+"/SendResponse", "<rsp:SendResponse/>")
	case "Signal":
		soap(w, m, nsShell+"/SignalResponse", "<rsp:SignalResponse/>")
	case "Receive":
		output(w, m, "ok", "0")
	default:
		w.WriteHeader(http.StatusBadRequest)
	}
}

const nsShell = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"

func soap(w http.ResponseWriter, m message, action, body string) {
	reply(w, http.StatusOK, m, action, body)
}

func reply(w http.ResponseWriter, status int, m message, action, body string) {
	w.Header().Set("Content-Type", "application/soap+xml;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:rsp="%s" xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"><s:Header><a:Action>%s</a:Action><a:RelatesTo>%s</a:RelatesTo></s:Header><s:Body>%s</s:Body></s:Envelope>`, nsShell, action, m.id, body)
}

// output answers a Receive; without an exit code the command goes on.
func output(w http.ResponseWriter, m message, text, exit string) {
	body := `<rsp:Stream Name="stdout" CommandId="` + theCommand + `">` + base64.StdEncoding.EncodeToString([]byte(text)) + `</rsp:Stream>`
	if exit != "" {
		body += `<rsp:CommandState CommandId="` + theCommand + `" State="` + nsShell + `/CommandState/Done"><rsp:ExitCode>` + exit + `</rsp:ExitCode></rsp:CommandState>`
	}
	soap(w, m, nsShell+"/ReceiveResponse", "<rsp:ReceiveResponse>"+body+"</rsp:ReceiveResponse>")
}

func fault(w http.ResponseWriter, m message, code uint32) {
	reply(w, http.StatusInternalServerError, m, "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault",
		fmt.Sprintf(`<s:Fault><s:Reason><s:Text>no</s:Text></s:Reason><s:Detail><f:WSManFault Code="%d"/></s:Detail></s:Fault>`, code))
}

// actions are what was asked for, in order.
func (f *fake) actions() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var names []string
	for _, m := range f.seen {
		names = append(names, m.action)
	}
	return strings.Join(names, " ")
}

func (f *fake) count() (dials, live int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dials, f.live
}

// plainEndpoint is a host where a site allows everything, so that a test sees
// what is said.
var plainEndpoint = winrm.Endpoint{Host: "ws01", HTTP: true, AllowBasic: true, AllowPlain: true}

var basic = winrm.Credential{Method: winrm.Basic, User: "alice", Password: "Secret-1"}

// road is one whose hosts are the fake.
func (f *fake) road(t *testing.T, cfg winrm.Config) *winrm.Road {
	t.Helper()
	cfg.Dial = f.connect
	r := winrm.New(cfg, slog.New(slog.DiscardHandler))
	t.Cleanup(r.Close)
	return r
}
