package wsman

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

var messages = New("https://ws01:5986/wsman", 20*time.Second, 3*time.Minute, 153600)

const (
	shell   = "11111111-2222-3333-4444-555555555555"
	command = "AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE"
)

func TestRequestsAreWellFormedAndSayWhatTheyMust(t *testing.T) {
	input := strings.Repeat("x", 96<<10)
	for _, c := range []struct {
		request Request
		want    []string
	}{
		{messages.Create(), []string{"transfer/Create", "<rsp:InputStreams>stdin<", "<rsp:OutputStreams>stdout stderr<", "<rsp:IdleTimeOut>PT180.000S<", "WINRS_CODEPAGE\">65001<", ">PT20.000S</w:OperationTimeout>", ">153600</w:MaxEnvelopeSize>"}},
		{messages.Command(shell, `powershell -EncodedCommand QQ== & "x" <y>`), []string{"shell/Command", shell, `<![CDATA[powershell -EncodedCommand QQ== & "x" <y>]]>`, "WINRS_CONSOLEMODE_STDIN\">TRUE<"}},
		{messages.Send(shell, command, []byte(input), true), []string{"shell/Send", command, base64.StdEncoding.EncodeToString([]byte(input)), `End="true"`}},
		{messages.Receive(shell, command), []string{"shell/Receive", command, ">stdout stderr<"}},
		{messages.Signal(shell, command), []string{"shell/Signal", command, "signal/terminate"}},
		{messages.Delete(shell), []string{"transfer/Delete", shell}},
	} {
		text := string(c.request.Body)
		for _, w := range c.want {
			if !strings.Contains(text, w) {
				t.Errorf("%s has no %.80q:\n%.2000s", c.request.What, w, text)
			}
		}
		if len(c.request.Body) > 153600 {
			t.Errorf("%s has %d bytes; want it below MaxEnvelopeSize", c.request.What, len(c.request.Body))
		}
		if c.request.id == "" {
			t.Errorf("%s has no message id", c.request.What)
		}
		for d := xml.NewDecoder(strings.NewReader(text)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", c.request.What, err)
			}
		}
	}
}

// reply is a host's envelope.
func reply(action, relates, body string) []byte {
	return fmt.Appendf(nil, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="%s" xmlns:x="%s" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:rsp="%s" xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault">`+
		`<s:Header><a:Action>%s</a:Action><a:RelatesTo>%s</a:RelatesTo></s:Header><s:Body>%s</s:Body></s:Envelope>`, nsAddressing, nsTransfer, nsShell, action, relates, body)
}

func selector(id string) string {
	return `<x:ResourceCreated><a:ReferenceParameters><w:SelectorSet><w:Selector Name="ShellId">` + id + `</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>`
}

func element(id string) string {
	return `<rsp:Shell><rsp:ShellId>` + id + `</rsp:ShellId></rsp:Shell>`
}

func TestBothSpellingsOfAShellAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		ok   bool
	}{
		"both":                 {selector(shell) + element(shell), true},
		"the selector":         {selector(shell), true},
		"the element":          {element(shell), true},
		"neither":              {"", false},
		"two that differ":      {selector(shell) + element(command), false},
		"one that is markup":   {element("&lt;/w:Selector&gt;"), false},
		"an element elsewhere": {"<other>" + element(shell) + "</other>", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := messages.Create()
			got, err := r.Read(reply(nsTransfer+"/CreateResponse", r.id, c.body))
			if (err == nil) != c.ok || (c.ok && got.Shell != shell) || (err != nil && !errors.Is(err, ErrReply)) {
				t.Errorf("Read = %+v, %v", got, err)
			}
		})
	}
}

const done = `<rsp:CommandState CommandId="` + command + `" State="` + stateDone + `"><rsp:ExitCode>%s</rsp:ExitCode></rsp:CommandState>`

func stream(name, text string) string {
	return `<rsp:Stream Name="` + name + `" CommandId="` + command + `">` + text + `</rsp:Stream>`
}

func TestOutputIsReadAsBytes(t *testing.T) {
	r := messages.Receive(shell, command)
	half := base64.StdEncoding.EncodeToString([]byte{0xc3})
	rest := base64.StdEncoding.EncodeToString([]byte{0xa4, 0, 0xff})
	body := `<rsp:ReceiveResponse>` + stream("stdout", half) + stream("stderr", "RQ==") + stream("stdout", rest[:2]+"\r\n"+rest[2:]) +
		`<rsp:Stream Name="stdout" CommandId="` + command + `" End="true"/>` + fmt.Sprintf(done, "3221225477") + `</rsp:ReceiveResponse>`
	got, err := r.Read(reply(nsShell+"/ReceiveResponse", r.id, body))
	if err != nil || len(got.Chunks) != 3 || !got.Done || got.Exit != -1073741819 {
		t.Fatalf("Read = %+v, %v; want three pieces and 0xC0000005", got, err)
	}
	if out := string(got.Chunks[0].Data) + string(got.Chunks[2].Data); out != "ä\x00\xff" || got.Chunks[1].Stream != Stderr {
		t.Errorf("Read = %+v", got)
	}
}

func TestRepliesThatAreNoneAreRefused(t *testing.T) {
	receive := func(body string) []byte {
		return reply(nsShell+"/ReceiveResponse", "", "<rsp:ReceiveResponse>"+body+"</rsp:ReceiveResponse>")
	}
	for name, body := range map[string][]byte{
		"nothing":                    nil,
		"no xml":                     []byte("HTTP Error 400"),
		"another document":           []byte("<html/>"),
		"cut short":                  receive("")[:300],
		"another action":             reply(nsShell+"/SendResponse", "", ""),
		"no body":                    reply(nsShell+"/ReceiveResponse", "", ""),
		"to another message":         reply(nsShell+"/ReceiveResponse", "uuid:other", "<rsp:ReceiveResponse/>"),
		"another command's output":   receive(`<rsp:Stream Name="stdout" CommandId="X">QQ==</rsp:Stream>`),
		"a third stream":             receive(stream("pr", "QQ==")),
		"no base64":                  receive(stream("stdout", "!")),
		"an exit code that is none":  receive(fmt.Sprintf(done, "ok")),
		"an exit code beyond 32 bit": receive(fmt.Sprintf(done, "4294967296")),
		"an end without exit code":   receive(`<rsp:CommandState State="` + stateDone + `"/>`),
		"nested without end":         []byte(strings.Repeat("<a>", 20000)),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := messages.Receive(shell, command).Read(body); !errors.Is(err, ErrReply) {
				t.Errorf("Read = %+v, %v; want %v", got, err, ErrReply)
			}
		})
	}
}

func TestFaultsHaveTheirCode(t *testing.T) {
	fault := func(sub, detail string) string {
		return `<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>` + sub + `</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="de-DE">Der  Grund` + "\n&#x202e;" + `</s:Text></s:Reason>` + detail + `</s:Fault>`
	}
	for name, c := range map[string]struct {
		body string
		want Fault
	}{
		"a code": {
			fault("w:InternalError", `<s:Detail><f:WSManFault Code="2150859173" Machine="WS01"><f:Message>Too many <f:ProviderFault>x</f:ProviderFault></f:Message></f:WSManFault></s:Detail>`),
			Fault{"Create", CodeShellQuota, "InternalError", "Too many"},
		},
		"a timeout by name":   {fault("w:TimedOut", ""), Fault{"Create", CodeTimedOut, "TimedOut", "Der Grund ?"}},
		"no access, by name":  {fault("w:AccessDenied", ""), Fault{"Create", CodeAccessDenied, "AccessDenied", "Der Grund ?"}},
		"a code that is none": {fault("a:X", `<s:Detail><f:WSManFault Code="-1"/></s:Detail>`), Fault{"Create", 0, "X", "Der Grund ?"}},
		"nothing in it":       {"", Fault{What: "Create"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := messages.Create().Read(reply(actionFault, "", c.body))
			var f *Fault
			if !errors.As(err, &f) || *f != c.want {
				t.Errorf("Read = %+v; want %+v", err, c.want)
			}
		})
	}
}

func FuzzReply(f *testing.F) {
	f.Add(reply(nsTransfer+"/CreateResponse", "", selector(shell)+element(shell)))
	f.Add(reply(nsShell+"/ReceiveResponse", "", "<rsp:ReceiveResponse>"+stream("stdout", "QQ==")+fmt.Sprintf(done, "0")+"</rsp:ReceiveResponse>"))
	f.Add(reply(actionFault, "", `<s:Fault><s:Detail><f:WSManFault Code="995"><f:Message>m</f:Message></f:WSManFault></s:Detail></s:Fault>`))
	requests := []Request{messages.Create(), messages.Command(shell, "x"), messages.Receive(shell, command), messages.Delete(shell)}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, r := range requests {
			got, err := r.Read(b)
			var fault *Fault
			switch {
			case err == nil && r.What == "Create" && !identifier.MatchString(got.Shell):
				t.Errorf("Read gave the shell %q", got.Shell)
			case err == nil && r.What == "Command" && !identifier.MatchString(got.Command):
				t.Errorf("Read gave the command %q", got.Command)
			case errors.As(err, &fault):
				if strings.ContainsAny(fault.Error(), "\x00\x1b\n") || len(fault.Reason) > maxReason+8 {
					t.Errorf("fault says %q", fault)
				}
			case err != nil && !errors.Is(err, ErrReply):
				t.Errorf("Read = %v", err)
			}
		}
	})
}
