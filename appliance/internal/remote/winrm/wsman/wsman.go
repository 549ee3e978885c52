// Package wsman is the messages of a remote command: WS-Management's envelopes
// for Create, Command, Send, Receive, Signal and Delete of a text shell, as
// MS-WSMV 3.1.4 has them, and the reading of what comes back.
//
// github.com/masterzen/winrm builds the requests (DESIGN D27). Its reading of
// replies is replaced: it dereferences nil on an empty body, takes half a reply
// for a whole one, swallows base64 that is none and knows no fault's code
// (v0.0.0-20250927112105-5f8e6c707321, seen 2026-11-21). ErrReply means a reply
// that is not one; *Fault is what a host answers when it refuses.
package wsman

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/masterzen/winrm"
	"github.com/masterzen/winrm/soap"
)

// ErrReply means that a host's message is no reply to what was asked.
var ErrReply = errors.New("malformed ws-management reply")

// The names of the streams.
const (
	Stdout = "stdout"
	Stderr = "stderr"
)

const (
	nsAddressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
	nsTransfer   = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
	nsShell      = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
)

// identifier is what ids look like; they go back into our messages as text.
var identifier = regexp.MustCompile(`^[0-9A-Za-z{}-]{1,64}$`)

// messageID finds the id that the builder made up.
var messageID = regexp.MustCompile(`<a:MessageID>([^<]*)</a:MessageID>`)

// Request is a message and what its reply must say.
type Request struct {
	Body []byte
	// What is the operation's name: Create, Command, Send, Receive, Signal, Delete.
	What string

	id, reply string
	command   string
}

// Messages builds the requests to one host. It is safe for concurrent use.
type Messages struct {
	url    string
	params *winrm.Parameters
	idle   string
}

// New returns the messages for the service at url. A host answers an operation
// after timeout at the latest, by a fault if need be; it deletes a shell by
// itself after idle without one.
func New(url string, timeout, idle time.Duration, envelope int) *Messages {
	return &Messages{url, winrm.NewParameters(duration(timeout), "en-US", envelope), duration(idle)}
}

// Create asks for a shell.
func (m *Messages) Create() Request {
	r := request("Create", winrm.NewOpenShellRequest(m.url, m.params), nsTransfer+"/CreateResponse")
	// The builder has no place for it. Without, a shell whose deletion was
	// lost holds one of the user's 30 for two hours.
	r.Body = []byte(strings.Replace(string(r.Body), "</rsp:Shell>", "<rsp:IdleTimeOut>"+m.idle+"</rsp:IdleTimeOut></rsp:Shell>", 1))
	return r
}

// Command starts a command line.
func (m *Messages) Command(shell, line string) Request {
	return request("Command", winrm.NewExecuteCommandRequest(m.url, shell, line, nil, m.params), nsShell+"/CommandResponse")
}

// Send gives the command a piece of its standard input.
func (m *Messages) Send(shell, command string, input []byte, end bool) Request {
	return request("Send", winrm.NewSendInputRequest(m.url, shell, command, input, end, m.params), nsShell+"/SendResponse")
}

// Receive waits for output.
func (m *Messages) Receive(shell, command string) Request {
	r := request("Receive", winrm.NewGetOutputRequest(m.url, shell, command, Stdout+" "+Stderr, m.params), nsShell+"/ReceiveResponse")
	r.command = command
	return r
}

// Signal terminates the command.
func (m *Messages) Signal(shell, command string) Request {
	return request("Signal", winrm.NewSignalRequest(m.url, shell, command, m.params), nsShell+"/SignalResponse")
}

// Delete ends the shell and everything in it.
func (m *Messages) Delete(shell string) Request {
	return request("Delete", winrm.NewDeleteShellRequest(m.url, shell, m.params), nsTransfer+"/DeleteResponse")
}

func request(what string, m *soap.SoapMessage, reply string) Request {
	r := Request{Body: []byte(m.String()), What: what, reply: reply}
	if id := messageID.FindSubmatch(r.Body); id != nil {
		r.id = string(id[1])
	}
	return r
}

// duration is XML Schema's.
func duration(d time.Duration) string {
	return fmt.Sprintf("PT%.3fS", d.Seconds())
}
