package httpwire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// FuzzAnswer holds readAnswer to its limits and, where it accepts, to what
// net/http makes of the same bytes.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 3\r\n\r\nabc",
		"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 30\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
		"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
		"HTTP/1.1 200 OK\r\n folded: x\r\nContent-Length: 0\r\n\r\n",
		"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", maxLine) + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", maxLines+1) + "\r\n",
		"<html>", "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		a, err := readAnswer(bufio.NewReaderSize(bytes.NewReader(in), maxLine))
		if err != nil {
			if e, ok := errors.AsType[*AnswerError](err); !ok && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("readAnswer(%q) = %v; want an AnswerError or the end", in, err)
			} else if ok && len(e.Reason) > 6*maxLine {
				t.Errorf("readAnswer(%q) answers %d bytes", in, len(e.Reason))
			}
			return
		}
		if len(a.body) > maxBody || a.retryAfter > maxWait || a.retryAfter < 0 || a.code < 200 {
			t.Fatalf("readAnswer(%q) = %+v; over its limits", in, a)
		}
		if s := a.status(); len(s.Message) > 3*maxRefuse+16 {
			t.Errorf("the status has %d bytes", len(s.Message))
		}
		judge, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(in)), &http.Request{Method: http.MethodPost})
		if err != nil {
			return // stricter about names and values that mean nothing here
		}
		body, err := io.ReadAll(judge.Body)
		// 204 and 304 have no body whatever their length says; we read what is there.
		if a.code != 204 && a.code != 304 && (err != nil || !bytes.Equal(body, a.body) || judge.StatusCode != int(a.code)) {
			t.Errorf("readAnswer(%q) = %d %q; net/http reads %d %q, %v", in, a.code, a.body, judge.StatusCode, body, err)
		}
	})
}
