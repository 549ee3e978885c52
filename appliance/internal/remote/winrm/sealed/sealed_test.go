package sealed

import (
	"bytes"
	"errors"
	"testing"
)

func TestABodyIsReadAsItWasWritten(t *testing.T) {
	for name, data := range map[string][]byte{
		"a short one":              []byte("sealed"),
		"an empty one":             {},
		"a boundary in the middle": []byte("x--Encrypted Boundary\r\n--Encrypted Boundary--\r\ny"),
		"a boundary at the end":    []byte("x--Encrypted Boundary--\r\n"),
		"line ends":                []byte("\r\n\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			body := SPNEGO.Encode(Part{[]byte("0123456789abcdef"), data, len(data)})
			got, err := SPNEGO.Decode(SPNEGO.ContentType(), body)
			if err != nil || len(got) != 1 || !bytes.Equal(got[0].Data, data) || string(got[0].Header) != "0123456789abcdef" {
				t.Errorf("Decode(%q) = %+v, %v", body, got, err)
			}
		})
	}
}

const head = "--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=3\r\n" +
	"--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n"

func TestTwoPartsAreRead(t *testing.T) {
	got, err := SPNEGO.Decode(SPNEGO.ContentType(), []byte(head+"\x01\x00\x00\x00Habc"+head+"\x01\x00\x00\x00Hdef--Encrypted Boundary--\r\n"))
	if err != nil || len(got) != 2 || string(got[1].Data) != "def" {
		t.Errorf("Decode = %+v, %v", got, err)
	}
}

func TestOtherServersSpacesAreUnderstood(t *testing.T) {
	body := bytes.ReplaceAll([]byte(head+"\x01\x00\x00\x00Habc--Encrypted Boundary--\r\n"), []byte("--Enc"), []byte("-- Enc"))
	got, err := SPNEGO.Decode(SPNEGO.ContentType(), body)
	if err != nil || string(got[0].Data) != "abc" {
		t.Errorf("Decode = %+v, %v", got, err)
	}
}

func TestMalformedBodiesAreRefused(t *testing.T) {
	good := SPNEGO.ContentType()
	for _, c := range []struct{ name, kind, body string }{
		{"nothing", good, ""},
		{"plain text", good, "<s:Envelope/>"},
		{"another type", "application/soap+xml", head + "\x01\x00\x00\x00Habc--Encrypted Boundary--\r\n"},
		{"another protocol", Protocol("application/HTTP-Kerberos-session-encrypted").ContentType(), head + "\x01\x00\x00\x00Habc--Encrypted Boundary--\r\n"},
		{"no closing boundary", good, head + "\x01\x00\x00\x00Habc"},
		{"text cut short", good, head + "\x01\x00\x00\x00Ha"},
		{"text longer than told", good, head + "\x01\x00\x00\x00Habcdef--Encrypted Boundary--\r\n"},
		{"a header longer than everything", good, head + "\xff\xff\xff\xffHabc--Encrypted Boundary--\r\n"},
		{"no length", good, "--Encrypted Boundary\r\n--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n\x01\x00\x00\x00H--Encrypted Boundary--\r\n"},
		{"ends in its description", good, "--Encrypted Boundary\r\n--Encrypted Boundary--\r\n"},
		{"something behind it", good, head + "\x01\x00\x00\x00Habc--Encrypted Boundary--\r\nmore"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := SPNEGO.Decode(c.kind, []byte(c.body)); !errors.Is(err, ErrBody) {
				t.Errorf("Decode = %+v, %v; want %v", got, err, ErrBody)
			}
		})
	}
}

func FuzzBody(f *testing.F) {
	f.Add([]byte(head + "\x01\x00\x00\x00Habc--Encrypted Boundary--\r\n"))
	f.Add([]byte(head + "\x01\x00\x00\x00Habc" + head + "\x01\x00\x00\x00Hdef--Encrypted Boundary--\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		parts, err := SPNEGO.Decode(SPNEGO.ContentType(), body)
		if err != nil {
			return
		}
		total := 0
		for _, p := range parts {
			if len(p.Data) != p.Plain {
				t.Errorf("part of %d bytes says %d", len(p.Data), p.Plain)
			}
			total += len(p.Header) + len(p.Data)
		}
		if total > len(body) {
			t.Errorf("parts of %d bytes from a body of %d", total, len(body))
		}
	})
}
