package wsman

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestSealedMessagesKeepTheirParts(t *testing.T) {
	head, data := []byte("sixteen bytes ok"), []byte("sealed\r\n--Encrypted Boundary\r\nbytes")
	for _, protocol := range []string{protocolSPNEGO, protocolKerberos} {
		kind, body := marshalSealed(protocol, head, data, 99)
		if got, ok := sealedType(kind); !ok || got != protocol {
			t.Errorf("sealedType(%s) = %q, %v", kind, got, ok)
		}
		h, d, size, err := parseSealed(body)
		if err != nil || !bytes.Equal(h, head) || !bytes.Equal(d, data) || size != 99 {
			t.Errorf("parseSealed = %q, %q, %d, %v", h, d, size, err)
		}
	}
}

func TestSealedMessagesThatAreNot(t *testing.T) {
	_, good := marshalSealed(protocolSPNEGO, []byte("sixteen bytes ok"), []byte("data"), 4)
	change := func(from, to string) string { return strings.Replace(string(good), from, to, 1) }
	for name, body := range map[string]string{
		"nothing":                    "",
		"no boundary":                change(boundary, "--Another Boundary"),
		"one part":                   string(good[:len(boundary)+2]) + "x: y\r\n",
		"no length":                  change("Length=4", "Size=4"),
		"a length that is no number": change("Length=4", "Length=x"),
		"another second part":        change("octet-stream", "text"),
		"no end":                     strings.TrimSuffix(string(good), "--\r\n"),
		"a signature of 2 GB":        change("\x10\x00\x00\x00", "\x10\x00\x00\x80"),
		"a signature beyond the end": change("\x10\x00\x00\x00", "\x20\x00\x00\x00"),
		"no room for a signature":    boundary + "\r\n\tOriginalContent: Length=0\r\n" + boundary + "\r\n\tContent-Type: application/octet-stream\r\n\x00" + boundary + "--\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, _, err := parseSealed([]byte(body)); !errors.Is(err, errSealed) {
				t.Errorf("parseSealed(%q) = %v; want errSealed", body, err)
			}
		})
	}
}

func FuzzParseSealed(f *testing.F) {
	_, good := marshalSealed(protocolSPNEGO, []byte("sixteen bytes ok"), []byte("data"), 4)
	f.Add(good)
	f.Fuzz(func(t *testing.T, b []byte) {
		head, data, size, err := parseSealed(b)
		if err != nil {
			return
		}
		_, again := marshalSealed(protocolSPNEGO, head, data, size)
		h, d, n, err := parseSealed(again)
		if err != nil || !bytes.Equal(h, head) || !bytes.Equal(d, data) || n != size {
			t.Errorf("parseSealed(marshalSealed(%q)) = %q, %q, %d, %v", b, h, d, n, err)
		}
	})
}

func FuzzParseRequest(f *testing.F) {
	var limits Limits
	limits.defaults()
	f.Add([]byte(`<s:Envelope xmlns:s="` + nsSOAP + `" xmlns:a="` + nsAddress + `" xmlns:w="` + nsWSMan + `"><s:Header><w:ResourceURI>` + ResourceShell +
		`</w:ResourceURI><a:Action s:mustUnderstand="true">` + string(Create) + `</a:Action><w:MaxEnvelopeSize>153600</w:MaxEnvelopeSize>` +
		`<a:MessageID>uuid:1</a:MessageID><w:OperationTimeout>P1DT2H3M4.5S</w:OperationTimeout><w:OptionSet><w:Option Name="x">y</w:Option></w:OptionSet>` +
		`</s:Header><s:Body><rsp:Shell xmlns:rsp="` + nsShell + `"/></s:Body></s:Envelope>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, fault := parseRequest(b, limits)
		if fault != nil {
			fault.marshal(r, "WS01")
			return
		}
		if r.action != Identify && (r.timeout < 0 || r.timeout > limits.Operation || r.envelope < minEnvelope || r.envelope > limits.EnvelopeBytes) {
			t.Errorf("parseRequest(%q) = time %v, envelope %d", b, r.timeout, r.envelope)
		}
	})
}
