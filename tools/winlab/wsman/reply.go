package wsman

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"strings"
)

// prefixes are declared on every envelope, as Windows does.
const prefixes = ` xmlns:s="` + nsSOAP + `" xmlns:a="` + nsAddress + `" xmlns:x="` + nsTransfer +
	`" xmlns:w="` + nsWSMan + `" xmlns:rsp="` + nsShell + `" xmlns:p="` + nsWSManMS + `"`

// escape makes text safe as content and in double quotes.
func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

// newID gives a random GUID in capitals, as Windows spells them.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := strings.ToUpper(hex.EncodeToString(b[:]))
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// envelope wraps body, which is XML already.
func envelope(r *request, action, body string) []byte {
	var b strings.Builder
	b.WriteString(`<s:Envelope xml:lang="en-US"` + prefixes + `><s:Header><a:Action>` + escape(action) +
		`</a:Action><a:MessageID>uuid:` + newID() + `</a:MessageID><a:To>` + anonymous + `</a:To>`)
	if r != nil && r.sessionID != "" {
		b.WriteString(`<p:SessionId s:mustUnderstand="false">` + escape(r.sessionID) + `</p:SessionId>`)
	}
	if r != nil && r.messageID != "" {
		b.WriteString(`<a:RelatesTo>` + escape(r.messageID) + `</a:RelatesTo>`)
	}
	b.WriteString(`</s:Header><s:Body>` + body + `</s:Body></s:Envelope>`)
	return []byte(b.String())
}

func response(r *request, body string) []byte {
	return envelope(r, string(r.action)+"Response", body)
}

// marshal writes the fault as an answer to r, which may be nil.
func (f *Fault) marshal(r *request, computer string) []byte {
	message := f.Message
	if message == "" {
		message = f.Reason
	}
	var b strings.Builder
	b.WriteString(`<s:Fault><s:Code><s:Value>` + escape(f.Value) + `</s:Value>`)
	if f.Subcode != "" {
		b.WriteString(`<s:Subcode><s:Value>` + escape(f.Subcode) + `</s:Value></s:Subcode>`)
	}
	b.WriteString(`</s:Code><s:Reason><s:Text xml:lang="en-US">` + escape(f.Reason) + `</s:Text></s:Reason>`)
	if f.Code != 0 || f.Detail != "" {
		b.WriteString(`<s:Detail>`)
		if f.Detail != "" {
			b.WriteString(`<w:FaultDetail>` + escape(f.Detail) + `</w:FaultDetail>`)
		}
		fmt.Fprintf(&b, `<f:WSManFault xmlns:f="%s" Code="%d" Machine="%s"><f:Message>%s</f:Message></f:WSManFault></s:Detail>`,
			nsFault, f.Code, escape(computer), escape(message))
	}
	b.WriteString(`</s:Fault>`)
	return envelope(r, actionFault, b.String())
}

func identify(version string) []byte {
	return []byte(`<s:Envelope xml:lang="en-US" xmlns:s="` + nsSOAP + `"><s:Header/><s:Body><wsmid:IdentifyResponse xmlns:wsmid="` +
		nsIdentity + `"><wsmid:ProtocolVersion>` + nsWSMan + `</wsmid:ProtocolVersion><wsmid:ProductVendor>Microsoft Corporation` +
		`</wsmid:ProductVendor><wsmid:ProductVersion>` + escape(version) + `</wsmid:ProductVersion></wsmid:IdentifyResponse></s:Body></s:Envelope>`)
}
