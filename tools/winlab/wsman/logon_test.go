package wsman_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/bodgit/ntlmssp"

	"github.com/osiriscare/osiris/tools/winlab/labca"
	"github.com/osiriscare/osiris/tools/winlab/machine"
	"github.com/osiriscare/osiris/tools/winlab/wsman"
)

// wire is one TCP connection on which a test says what it likes.
type wire struct {
	t    *testing.T
	conn net.Conn
	read *bufio.Reader
	ntlm *ntlmssp.Client
}

func dial(t *testing.T, m *machine.Machine) *wire {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", m.HTTP())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	client, err := ntlmssp.NewClient(ntlmssp.SetUserInfo("osiris", password), ntlmssp.SetDomain("NORTHVALLEY"), ntlmssp.SetVersion(ntlmssp.DefaultVersion()))
	if err != nil {
		t.Fatal(err)
	}
	return &wire{t: t, conn: conn, read: bufio.NewReader(conn), ntlm: client}
}

// post gives status, headers and body; the status is 0 if there was no answer.
func (w *wire) post(authorization, contentType string, body []byte) (int, http.Header, []byte) {
	w.t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST /wsman HTTP/1.1\r\nHost: ws01\r\nContent-Length: %d\r\nContent-Type: %s\r\n", len(body), contentType)
	if authorization != "" {
		fmt.Fprintf(&b, "Authorization: %s\r\n", authorization)
	}
	b.WriteString("\r\n")
	b.Write(body)
	if _, err := w.conn.Write(b.Bytes()); err != nil {
		return 0, nil, nil
	}
	res, err := http.ReadResponse(w.read, nil)
	if err != nil {
		return 0, nil, nil
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, res.Header, answer
	}
	return res.StatusCode, res.Header, answer
}

const soapType = "application/soap+xml;charset=UTF-8"

func (w *wire) logon() {
	w.t.Helper()
	first, err := w.ntlm.Authenticate(nil, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	status, h, _ := w.post("Negotiate "+base64.StdEncoding.EncodeToString(first), soapType, nil)
	token, found := strings.CutPrefix(h.Get("WWW-Authenticate"), "Negotiate ")
	if status != http.StatusUnauthorized || !found {
		w.t.Fatalf("NEGOTIATE = HTTP %d, %v", status, h)
	}
	challenge, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		w.t.Fatal(err)
	}
	third, err := w.ntlm.Authenticate(challenge, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	status, _, body := w.post("Negotiate "+base64.StdEncoding.EncodeToString(third), soapType, nil)
	if status != http.StatusOK || len(body) != 0 {
		w.t.Fatalf("AUTHENTICATE = HTTP %d %q; want 200 and nothing", status, body)
	}
}

const sealedContent = `multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"`

func (w *wire) seal(text string) []byte {
	w.t.Helper()
	sealed, signature, err := w.ntlm.SecuritySession().Wrap([]byte(text))
	if err != nil {
		w.t.Fatal(err)
	}
	b := fmt.Appendf(nil, "--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n\tOriginalContent: type=%s;Length=%d\r\n"+
		"--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n", soapType, len(text))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(signature)))
	return append(append(append(b, signature...), sealed...), "--Encrypted Boundary--\r\n"...)
}

func create() string {
	return (&soap{timeout: "PT20S", size: "153600"}).envelope(wsman.Create, "", "", "<rsp:Shell/>")
}

func TestAStrangerLearnsTheSchemes(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*machine.Config)
		want   []string
	}{
		"NTLM alone": {nil, []string{"Negotiate"}},
		"and Basic":  {func(c *machine.Config) { c.Basic = true }, []string{"Negotiate", `Basic realm="WSMAN"`}},
	} {
		t.Run(name, func(t *testing.T) {
			status, h, body := dial(t, start(t, c.change)).post("", soapType, nil)
			if got := h.Values("WWW-Authenticate"); status != http.StatusUnauthorized || len(body) != 0 || fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("an empty POST = HTTP %d, %v; want 401, %v", status, got, c.want)
			}
		})
	}
}

func TestTheEmptyPostOnALoggedOnConnection(t *testing.T) {
	for _, want := range []int{http.StatusUnauthorized, http.StatusInternalServerError} {
		w := dial(t, start(t, func(c *machine.Config) { c.EmptyPost = want }))
		w.logon()
		if status, _, _ := w.post("", soapType, nil); status != want {
			t.Errorf("an empty POST = HTTP %d; want %d", status, want)
		}
		// The connection is still logged on.
		if status, _, _ := w.post("", sealedContent, w.seal(create())); status != http.StatusOK {
			t.Errorf("Create after it = HTTP %d", status)
		}
	}
}

func TestSealedMessagesAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(w *wire) []byte{
		"changed":               func(w *wire) []byte { return bytes.Replace(w.seal(create()), []byte("Boundary--"), []byte("x--"), 1) },
		"of another length":     func(w *wire) []byte { return bytes.Replace(w.seal(create()), []byte("Length="), []byte("Length=1"), 1) },
		"in another connection": func(w *wire) []byte { w.seal("once"); return w.seal(create()) },
		"not sealed at all":     func(*wire) []byte { return []byte(create()) },
	} {
		t.Run(name, func(t *testing.T) {
			m := start(t, nil)
			w := dial(t, m)
			w.logon()
			if status, _, body := w.post("", sealedContent, spoil(w)); status != http.StatusBadRequest || len(body) != 0 {
				t.Errorf("Create = HTTP %d %q; want 400 and nothing", status, body)
			}
			if status, _, _ := w.post("", sealedContent, w.seal(create())); status != http.StatusUnauthorized {
				t.Errorf("the next Create = HTTP %d; want 401", status)
			}
			if m.Service().Stats().ShellsMade != 0 {
				t.Error("a shell was made")
			}
		})
	}
}

func TestASealedMessageTwice(t *testing.T) {
	m := start(t, nil)
	w := dial(t, m)
	w.logon()
	sealed := w.seal(create())
	if status, _, _ := w.post("", sealedContent, sealed); status != http.StatusOK {
		t.Fatalf("Create = HTTP %d", status)
	}
	if status, _, _ := w.post("", sealedContent, sealed); status != http.StatusBadRequest {
		t.Errorf("the same again = HTTP %d", status)
	}
}

func TestALogonIsOfOneConnection(t *testing.T) {
	m := start(t, func(c *machine.Config) { c.AllowUnencrypted = true })
	w := dial(t, m)
	w.logon()
	if status, _, _ := w.post("", soapType, []byte(create())); status != http.StatusOK {
		t.Errorf("Create = HTTP %d", status)
	}
	if status, _, _ := dial(t, m).post("", soapType, []byte(create())); status != http.StatusUnauthorized {
		t.Errorf("Create on another connection = HTTP %d", status)
	}
	// A second handshake takes the first one's place.
	if status, _, _ := w.post("Negotiate !", soapType, nil); status != http.StatusUnauthorized {
		t.Errorf("a token that is none = HTTP %d", status)
	}
	if status, _, _ := w.post("", soapType, []byte(create())); status != http.StatusUnauthorized {
		t.Errorf("Create after a failed handshake = HTTP %d", status)
	}
}

func TestUnsealedSOAPOnASealingConnection(t *testing.T) {
	m := start(t, nil)
	w := dial(t, m)
	w.logon()
	status, _, body := w.post("", soapType, []byte(create()))
	if st := m.Service().Stats(); status != http.StatusInternalServerError || len(body) != 0 || st.Plain != 1 || st.ShellsMade != 0 {
		t.Errorf("plain Create = HTTP %d %q, %+v", status, body, st)
	}
}

func TestACertificateLogsOn(t *testing.T) {
	ca, err := labca.New("Lab")
	if err != nil {
		t.Fatal(err)
	}
	mine, err := ca.Client("osiris")
	if err != nil {
		t.Fatal(err)
	}
	m := start(t, func(c *machine.Config) {
		c.CA = ca
		c.Certificate = func(leaf []byte) (string, bool) { return `NORTHVALLEY\osiris`, bytes.Equal(leaf, mine.Certificate[0]) }
	})
	other, err := ca.Client("other")
	if err != nil {
		t.Fatal(err)
	}
	if status := overTLS(t, m, ca, &mine); status != http.StatusOK {
		t.Errorf("Create with the certificate = HTTP %d", status)
	}
	if status := overTLS(t, m, ca, &other); status != http.StatusUnauthorized {
		t.Errorf("Create with another's = HTTP %d", status)
	}
	if status := overTLS(t, m, ca, nil); status != http.StatusUnauthorized {
		t.Errorf("Create with none = HTTP %d", status)
	}
}
