package wsman

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

// Chunk is a piece of output: bytes, cut where the host liked to.
type Chunk struct {
	Stream string
	Data   []byte
}

// Reply is what a host answered. Its fields are set as the operation has them.
type Reply struct {
	Shell   string
	Command string
	Chunks  []Chunk
	Done    bool
	Exit    int
}

type xmlEnvelope struct {
	XMLName xml.Name `xml:"http://www.w3.org/2003/05/soap-envelope Envelope"`
	Header  struct {
		Action    string `xml:"http://schemas.xmlsoap.org/ws/2004/08/addressing Action"`
		RelatesTo string `xml:"http://schemas.xmlsoap.org/ws/2004/08/addressing RelatesTo"`
	} `xml:"http://www.w3.org/2003/05/soap-envelope Header"`
	Body xmlBody `xml:"http://www.w3.org/2003/05/soap-envelope Body"`
}

type xmlBody struct {
	Created *struct {
		Selectors []xmlSelector `xml:"ReferenceParameters>SelectorSet>Selector"`
	} `xml:"http://schemas.xmlsoap.org/ws/2004/09/transfer ResourceCreated"`
	Shell *struct {
		ID string `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell ShellId"`
	} `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Shell"`
	Command *struct {
		ID string `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell CommandId"`
	} `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell CommandResponse"`
	Receive *xmlReceive `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell ReceiveResponse"`
	Fault   *xmlFault   `xml:"http://www.w3.org/2003/05/soap-envelope Fault"`
}

type xmlSelector struct {
	Name  string `xml:"Name,attr"`
	Value string `xml:",chardata"`
}

type xmlReceive struct {
	Streams []struct {
		Name    string `xml:"Name,attr"`
		Command string `xml:"CommandId,attr"`
		Text    string `xml:",chardata"`
	} `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Stream"`
	State *struct {
		State   string  `xml:"State,attr"`
		Command string  `xml:"CommandId,attr"`
		Exit    *string `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell ExitCode"`
	} `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell CommandState"`
}

type xmlFault struct {
	Subcode string `xml:"Code>Subcode>Value"`
	Reason  string `xml:"Reason>Text"`
	Detail  *struct {
		Code    string `xml:"Code,attr"`
		Message string `xml:"Message"`
	} `xml:"Detail>WSManFault"`
}

const (
	actionFault           = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
	actionFaultAddressing = nsAddressing + "/fault"
	stateDone             = nsShell + "/CommandState/Done"
)

// Read takes a reply to this request apart. The error is a *Fault, or is
// ErrReply.
func (r Request) Read(body []byte) (Reply, error) {
	var e xmlEnvelope
	if err := xml.Unmarshal(body, &e); err != nil {
		return Reply{}, fmt.Errorf("%w: %s: %s", ErrReply, r.What, printable(err.Error(), maxReason))
	}
	if e.Body.Fault != nil || e.Header.Action == actionFault || e.Header.Action == actionFaultAddressing {
		if e.Body.Fault == nil {
			e.Body.Fault = &xmlFault{}
		}
		return Reply{}, newFault(r.What, e.Body.Fault)
	}
	if e.Header.Action != r.reply {
		return Reply{}, fmt.Errorf("%w: %s answered by %q", ErrReply, r.What, printable(e.Header.Action, 120))
	}
	if e.Header.RelatesTo != "" && !strings.EqualFold(strings.TrimSpace(e.Header.RelatesTo), r.id) {
		return Reply{}, fmt.Errorf("%w: %s answered by the reply to another message", ErrReply, r.What)
	}
	return r.content(e.Body)
}

func (r Request) content(b xmlBody) (Reply, error) {
	var out Reply
	var err error
	switch r.What {
	case "Create":
		out.Shell, err = shellID(b)
	case "Command":
		if b.Command != nil {
			out.Command = strings.TrimSpace(b.Command.ID)
		}
		if !identifier.MatchString(out.Command) {
			err = fmt.Errorf("%w: Command without an id", ErrReply)
		}
	case "Receive":
		if b.Receive == nil {
			return out, fmt.Errorf("%w: Receive without its response", ErrReply)
		}
		err = out.receive(b.Receive, r.command)
	}
	return out, err
}

// shellID takes either of the two spellings; Windows sends both, and others
// one (pywinrm reads the selector, masterzen the element).
func shellID(b xmlBody) (string, error) {
	var found []string
	if b.Shell != nil && b.Shell.ID != "" {
		found = append(found, strings.TrimSpace(b.Shell.ID))
	}
	if b.Created != nil {
		for _, s := range b.Created.Selectors {
			if s.Name == "ShellId" {
				found = append(found, strings.TrimSpace(s.Value))
			}
		}
	}
	for _, id := range found {
		if !identifier.MatchString(id) || id != found[0] {
			return "", fmt.Errorf("%w: Create with the shell ids %.200q", ErrReply, found)
		}
	}
	if len(found) == 0 {
		return "", fmt.Errorf("%w: Create without a shell id", ErrReply)
	}
	return found[0], nil
}

func (o *Reply) receive(x *xmlReceive, command string) error {
	for _, s := range x.Streams {
		if s.Command != "" && !strings.EqualFold(s.Command, command) {
			return fmt.Errorf("%w: output of another command", ErrReply)
		}
		if s.Name != Stdout && s.Name != Stderr {
			return fmt.Errorf("%w: stream %.40q", ErrReply, s.Name)
		}
		data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s.Text))
		if err != nil {
			return fmt.Errorf("%w: %s is not base64", ErrReply, s.Name)
		}
		if len(data) > 0 {
			o.Chunks = append(o.Chunks, Chunk{s.Name, data})
		}
	}
	if x.State == nil || x.State.State != stateDone {
		return nil
	}
	if x.State.Exit == nil {
		return fmt.Errorf("%w: command is done without an exit code", ErrReply)
	}
	text := strings.TrimSpace(*x.State.Exit)
	code, err := strconv.ParseInt(text, 10, 64)
	if err != nil || code < -1<<31 || code >= 1<<32 {
		return fmt.Errorf("%w: exit code %.40q", ErrReply, text)
	}
	// Windows' codes are DWORDs that some print signed: 0xC0000005 is the same either way.
	o.Done, o.Exit = true, int(int32(uint32(code)))
	return nil
}
