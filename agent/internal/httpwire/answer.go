package httpwire

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/osiriscare/osiris/agent/internal/grpcwire"
)

// Limits of an answer.
const (
	maxLine   = 4 << 10
	maxLines  = 64
	maxBody   = 1 << 20 // as a gRPC message down
	maxRefuse = 300     // of a refusal's sentence
	maxWait   = time.Hour
)

// AnswerError is a breach of HTTP or of our limits by the peer.
type AnswerError struct{ Reason string }

func (e *AnswerError) Error() string { return "bad HTTP answer: " + e.Reason }

func bad(reason string) error { return &AnswerError{reason} }

// answer is what the peer said.
type answer struct {
	code       uint64
	length     int64 // -1 before it was given
	kind       string
	last       bool // the connection ends after it
	retryAfter time.Duration
	body       []byte
}

// readAnswer reads one answer and nothing behind it.
func readAnswer(r *bufio.Reader) (*answer, error) {
	line, err := readLine(r)
	if err != nil {
		return nil, err
	}
	a := &answer{length: -1}
	version, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(rest, " ")
	a.code, err = strconv.ParseUint(code, 10, 16)
	if version != "HTTP/1.1" || err != nil || len(code) != 3 || a.code < 200 || a.code > 599 {
		return nil, bad("its status line is " + strconv.Quote(line))
	}
	for n := 0; ; n++ {
		if line, err = readLine(r); err != nil {
			return nil, err
		}
		if line == "" {
			break
		}
		if n == maxLines {
			return nil, bad("too many header lines")
		}
		if err := a.header(line); err != nil {
			return nil, err
		}
	}
	if a.length < 0 {
		return nil, bad("it has no length")
	}
	a.body = make([]byte, a.length)
	if _, err := io.ReadFull(r, a.body); err != nil {
		return nil, err
	}
	return a, nil
}

// readLine reads up to CRLF.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", bad("a line is too long")
	}
	if err != nil {
		return "", err
	}
	text, ok := strings.CutSuffix(string(line), "\r\n")
	if !ok || strings.ContainsAny(text, "\r\x00") {
		return "", bad("a line does not end in CRLF")
	}
	return text, nil
}

// header takes one line; most say nothing that matters here.
func (a *answer) header(line string) error {
	name, value, found := strings.Cut(line, ":")
	if !found || name == "" || strings.ContainsAny(name, " \t") {
		return bad("a header line has no name")
	}
	value = strings.Trim(value, " \t")
	switch strings.ToLower(name) {
	case "content-length":
		n, err := strconv.ParseUint(value, 10, 31)
		if err != nil || value[0] == '+' || a.length >= 0 {
			return bad("its length is " + strconv.Quote(value))
		}
		if n > maxBody {
			return bad("it is too long")
		}
		a.length = int64(n)
	case "transfer-encoding", "content-encoding", "upgrade":
		return bad("it uses " + strings.ToLower(name))
	case "content-type":
		a.kind = value
	case "connection":
		a.last = a.last || strings.EqualFold(value, "close")
	case "retry-after":
		// A date is not understood: then it is as if nothing had been asked.
		if n, err := strconv.ParseUint(value, 10, 31); err == nil {
			a.retryAfter = min(time.Duration(n)*time.Second, maxWait)
		}
	}
	return nil
}

// status is the refusal that an answer other than 200 is.
func (a *answer) status() *grpcwire.Status {
	text := a.body[:min(len(a.body), maxRefuse)]
	s := &grpcwire.Status{Code: grpcwire.Unknown, Message: "HTTP " + strconv.FormatUint(a.code, 10) + ": " + strings.TrimSpace(strings.ToValidUTF8(string(text), "?"))}
	switch a.code {
	case 400:
		s.Code = grpcwire.Internal
	case 401:
		s.Code = grpcwire.Unauthenticated
	case 403:
		s.Code = grpcwire.PermissionDenied
	case 404:
		s.Code = grpcwire.Unimplemented
	case 429, 502, 503, 504:
		s.Code = grpcwire.Unavailable
	}
	return s
}
