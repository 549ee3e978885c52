package wsman_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/tools/winlab/machine"
	"github.com/osiriscare/osiris/tools/winlab/wsman"
)

// soap sends messages in plain text with Basic: what is said, not how.
type soap struct {
	t       *testing.T
	m       *machine.Machine
	user    string
	timeout string
	size    string
	extra   string // more headers
}

func plain(t *testing.T, change func(*machine.Config)) *soap {
	t.Helper()
	m := start(t, func(c *machine.Config) {
		c.Basic, c.AllowUnencrypted = true, true
		c.Accounts = append(c.Accounts, machine.Account{User: "other", Password: password})
		if change != nil {
			change(c)
		}
	})
	return &soap{t: t, m: m, user: "osiris", timeout: "PT20S", size: "153600"}
}

// post sends a body as it is.
func (s *soap) post(body string, headers map[string]string) (int, http.Header, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://"+s.m.HTTP()+"/wsman", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if s.user != "" {
		req.SetBasicAuth(s.user, password)
	}
	req.Header.Set("Content-Type", "application/soap+xml;charset=UTF-8")
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(b)
}

func (s *soap) envelope(action wsman.Action, shell, options, body string) string {
	selectors := ""
	if shell != "" {
		selectors = `<w:SelectorSet><w:Selector Name="ShellId">` + shell + `</w:Selector></w:SelectorSet>`
	}
	return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
 xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Header><a:To>http://lab/wsman</a:To>
 <w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd</w:ResourceURI>
 <a:Action s:mustUnderstand="true">` + string(action) + `</a:Action><w:MaxEnvelopeSize s:mustUnderstand="true">` + s.size + `</w:MaxEnvelopeSize>
 <a:MessageID>uuid:0-1-2</a:MessageID><p:SessionId s:mustUnderstand="false">uuid:session</p:SessionId>
 <w:OperationTimeout>` + s.timeout + `</w:OperationTimeout>` + s.extra + selectors + options + `</s:Header><s:Body>` + body + `</s:Body></s:Envelope>`
}

var (
	codePattern   = regexp.MustCompile(`Code="(\d+)"`)
	shellPattern  = regexp.MustCompile(`<rsp:ShellId>([^<]+)<`)
	idPattern     = regexp.MustCompile(`<rsp:CommandId>([^<]+)<`)
	streamPattern = regexp.MustCompile(`<rsp:Stream Name="(\w+)" CommandId="[^"]*"( End="true")?>([^<]*)<`)
	exitPattern   = regexp.MustCompile(`<rsp:ExitCode>(\d+)<`)
)

// send gives the answer and the code of its fault, "" if it is none.
func (s *soap) send(action wsman.Action, shell, body string) (answer, code string) {
	s.t.Helper()
	return s.sendWith(action, shell, "", body)
}

func (s *soap) sendWith(action wsman.Action, shell, options, body string) (answer, code string) {
	s.t.Helper()
	status, _, answer := s.post(s.envelope(action, shell, options, body), nil)
	if status == http.StatusOK {
		return answer, ""
	}
	if status != http.StatusInternalServerError || !strings.Contains(answer, "<s:Fault>") {
		s.t.Fatalf("%s = HTTP %d, %s", action, status, answer)
	}
	if m := codePattern.FindStringSubmatch(answer); m != nil {
		return answer, m[1]
	}
	return answer, "none"
}

// must sends what has to succeed.
func (s *soap) must(action wsman.Action, shell, body string) string {
	s.t.Helper()
	answer, code := s.send(action, shell, body)
	if code != "" {
		s.t.Fatalf("%s = fault %s: %s", action, code, answer)
	}
	return answer
}

func (s *soap) shell() string {
	s.t.Helper()
	answer := s.must(wsman.Create, "", `<rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>`)
	return shellPattern.FindStringSubmatch(answer)[1]
}

func line(text string) string {
	return `<rsp:CommandLine><rsp:Command>` + text + `</rsp:Command></rsp:CommandLine>`
}

func (s *soap) command(shell, text string) string {
	s.t.Helper()
	return idPattern.FindStringSubmatch(s.must(wsman.Command, shell, line(text)))[1]
}

func input(id, text string, end bool) string {
	return fmt.Sprintf(`<rsp:Send><rsp:Stream Name="stdin" CommandId="%s" End="%v">%s</rsp:Stream></rsp:Send>`,
		id, end, base64.StdEncoding.EncodeToString([]byte(text)))
}

func desired(id string) string {
	return `<rsp:Receive><rsp:DesiredStream CommandId="` + id + `">stdout stderr</rsp:DesiredStream></rsp:Receive>`
}

func signal(id, code string) string {
	return `<rsp:Signal CommandId="` + id + `"><rsp:Code>http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/` + code + `</rsp:Code></rsp:Signal>`
}

// output receives until the command is done.
func (s *soap) output(shell, id string) (stdout, stderr, exit string) {
	s.t.Helper()
	var out [2]strings.Builder
	for {
		answer := s.must(wsman.Receive, shell, desired(id))
		for _, m := range streamPattern.FindAllStringSubmatch(answer, -1) {
			b, err := base64.StdEncoding.DecodeString(m[3])
			if err != nil {
				s.t.Fatalf("Stream of %q: %v", m[3], err)
			}
			which := 0
			if m[1] == "stderr" {
				which = 1
			}
			out[which].Write(b)
		}
		if m := exitPattern.FindStringSubmatch(answer); m != nil {
			return out[0].String(), out[1].String(), m[1]
		}
	}
}
