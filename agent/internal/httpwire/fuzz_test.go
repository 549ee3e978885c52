package httpwire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/osiriscare/osiris/agent/internal/grpcwire"
)

// FuzzAnswer holds readAnswer to its limits and, where it accepts, to what
// net/http makes of the same bytes.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 3\r\n\r\nabc",
		"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 30\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 99999999999999999999\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: \r\n\r\n",
		"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
		"HTTP/1.1 200 OK\r\n folded: x\r\nContent-Length: 0\r\n\r\n",
		"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", maxHead) + "\r\n\r\n",
		"<html>", "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		// The answer may come in any pieces, and a connection does not end with it.
		body, err := readAnswer(iotest.OneByteReader(bytes.NewReader(in)))
		whole, again := readAnswer(bytes.NewReader(in))
		if err != nil {
			if s, ok := errors.AsType[*grpcwire.Status](err); ok && len(s.Message) > 3*maxRefuse+16 {
				t.Errorf("the status has %d bytes", len(s.Message))
			}
			return
		}
		if len(body) > maxBody {
			t.Fatalf("readAnswer(%q) has %d bytes", in, len(body))
		}
		if again == nil && !bytes.Equal(whole, body) {
			t.Errorf("readAnswer(%q) = %q in one piece, %q in many", in, whole, body)
		}
		judge, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(in)), &http.Request{Method: http.MethodPost}) //nolint:bodyclose // a slice of bytes is behind it
		if err != nil {
			return // stricter about names and values that mean nothing here
		}
		want, err := io.ReadAll(judge.Body)
		if err != nil || !bytes.Equal(body, want) || judge.StatusCode != 200 {
			t.Errorf("readAnswer(%q) = %q; net/http reads %d %q, %v", in, body, judge.StatusCode, want, err)
		}
	})
}
