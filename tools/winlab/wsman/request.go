package wsman

import (
	"strconv"
	"strings"
	"time"
)

// request is a SOAP message that was understood.
type request struct {
	action    Action
	messageID string
	sessionID string
	resource  string
	selectors map[string]string
	options   map[string]string
	timeout   time.Duration
	// envelope bounds the answer.
	envelope int
	body     *element
}

// understood are the headers that a client may mark with mustUnderstand.
var understood = map[string]bool{
	nsAddress + " To": true, nsAddress + " Action": true, nsAddress + " ReplyTo": true,
	nsAddress + " MessageID": true, nsWSMan + " ResourceURI": true, nsWSMan + " MaxEnvelopeSize": true,
	nsWSMan + " Locale": true, nsWSMan + " OperationTimeout": true, nsWSMan + " OptionSet": true,
	nsWSMan + " SelectorSet": true, nsWSManMS + " DataLocale": true, nsWSManMS + " SessionId": true,
	nsWSManMS + " OperationID": true, nsWSManMS + " SequenceId": true, nsShell + " CompressionType": true,
}

// minEnvelope is the least MaxEnvelopeSize that DSP0226 lets a service refuse.
const minEnvelope = 8192

// parseRequest judges a message as far as all actions have it in common.
func parseRequest(b []byte, limits Limits) (*request, *Fault) {
	root, err := parseXML(b)
	if err != nil {
		return nil, faultSchema("the message is not XML")
	}
	if root.name.Space != nsSOAP || root.name.Local != "Envelope" {
		return nil, faultSchema("the message is not a SOAP envelope")
	}
	r := &request{body: root.child(nsSOAP, "Body"), envelope: limits.EnvelopeBytes, timeout: limits.Operation}
	if r.body == nil {
		return nil, faultSchema("there is no Body")
	}
	header := root.child(nsSOAP, "Header")
	if r.body.child(nsIdentity, "Identify") != nil {
		r.action = Identify
		return r, nil
	}
	r.messageID = header.child(nsAddress, "MessageID").value()
	r.sessionID = header.child(nsWSManMS, "SessionId").value()
	r.action = Action(header.child(nsAddress, "Action").value())
	r.resource = header.child(nsWSMan, "ResourceURI").value()
	r.selectors = named(header.child(nsWSMan, "SelectorSet"), "Selector")
	r.options = named(header.child(nsWSMan, "OptionSet"), "Option")
	return r, r.judge(header, limits)
}

func (r *request) judge(header *element, limits Limits) *Fault {
	if header == nil || r.action == "" || r.messageID == "" {
		return faultSchema("Action or MessageID is missing")
	}
	for _, h := range header.children {
		must := h.attr(nsSOAP, "mustUnderstand")
		if (must == "true" || must == "1") && !understood[h.name.Space+" "+h.name.Local] {
			return faultMustUnderstand(h.name.Local)
		}
	}
	if r.resource != ResourceShell {
		return faultResource(r.resource)
	}
	if text := header.child(nsWSMan, "MaxEnvelopeSize").value(); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < minEnvelope {
			return faultSchema("MaxEnvelopeSize")
		}
		r.envelope = min(n, limits.EnvelopeBytes)
	}
	if text := header.child(nsWSMan, "OperationTimeout").value(); text != "" {
		d, ok := parseDuration(text)
		if !ok {
			return faultSchema("OperationTimeout")
		}
		r.timeout = min(d, limits.Operation)
	}
	return nil
}

// named reads a SelectorSet or an OptionSet.
func named(set *element, local string) map[string]string {
	out := map[string]string{}
	if set == nil {
		return out
	}
	for _, c := range set.children {
		if c.name.Space == nsWSMan && c.name.Local == local {
			out[c.attr("", "Name")] = c.value()
		}
	}
	return out
}

// parseDuration reads the part of xs:duration that has a fixed length.
func parseDuration(s string) (time.Duration, bool) {
	rest, ok := strings.CutPrefix(s, "P")
	if !ok || rest == "" {
		return 0, false
	}
	date, clock, hasClock := strings.Cut(rest, "T")
	var total time.Duration
	if !takeUnits(date, "D", []time.Duration{24 * time.Hour}, &total) {
		return 0, false
	}
	if hasClock && (clock == "" || !takeUnits(clock, "HMS", []time.Duration{time.Hour, time.Minute, time.Second}, &total)) {
		return 0, false
	}
	return total, true
}

// takeUnits reads numbers with the letters of units, each at most once and in
// their order.
func takeUnits(s, letters string, units []time.Duration, total *time.Duration) bool {
	for i, unit := range units {
		number, rest, found := strings.Cut(s, letters[i:i+1])
		if !found {
			continue
		}
		v, err := strconv.ParseFloat(number, 64)
		// 1e6 days is beyond every use and far from an overflow.
		if err != nil || !(v >= 0 && v <= 1e6) || strings.ContainsAny(number, "eExXpP+_") {
			return false
		}
		*total += time.Duration(v * float64(unit))
		s = rest
	}
	return s == ""
}
