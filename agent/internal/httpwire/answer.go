package httpwire

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/grpcwire"
)

// Limits of an answer.
const (
	maxHead   = 8 << 10
	maxBody   = 1 << 20 // as a gRPC message down
	maxRefuse = 300     // of a refusal's sentence
)

// Breaches of HTTP, or of what is taken here.
var (
	errHead   = errors.New("the answer is no HTTP/1.1, or its head is too long")
	errLength = errors.New("the answer has no good length")
	errCoded  = errors.New("the answer is chunked or compressed")
	errType   = errors.New("the answer is not " + contentType)
)

// readAnswer reads the one answer that is on its way.
func readAnswer(r io.Reader) ([]byte, error) {
	buf := make([]byte, 0, maxHead)
	end := -1
	for end < 0 {
		if len(buf) == maxHead {
			return nil, errHead
		}
		n, err := r.Read(buf[len(buf):maxHead])
		buf = buf[:len(buf)+n]
		if end = bytes.Index(buf, []byte("\r\n\r\n")); end < 0 && err != nil {
			return nil, err
		}
	}
	a := &answer{length: -1}
	if err := a.head(string(buf[:end])); err != nil {
		return nil, err
	}
	body := make([]byte, a.length)
	n := copy(body, buf[end+4:])
	if n < len(buf)-end-4 { // nothing may follow
		return nil, errLength
	}
	if _, err := io.ReadFull(r, body[n:]); err != nil {
		return nil, err
	}
	if a.code != "200" {
		return nil, a.status(body)
	}
	if a.kind != contentType {
		return nil, errType
	}
	return body, nil
}

// answer is what the head says.
type answer struct {
	code, kind string
	length     int64 // -1 before it was given
}

// head takes the status line and the header lines that matter.
func (a *answer) head(text string) error {
	if strings.ContainsAny(strings.ReplaceAll(text, "\r\n", ""), "\r\n\x00") || len(text) < 12 || text[:9] != "HTTP/1.1 " || text[9] < '2' || text[9] > '5' {
		return errHead
	}
	a.code = text[9:12]
	_, text, _ = strings.Cut(text, "\r\n")
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\r\n")
		name, value, found := strings.Cut(line, ":")
		if !found || name == "" || strings.ContainsAny(name, " \t") {
			return errHead
		}
		value = strings.Trim(value, " \t")
		switch strings.ToLower(name) {
		case "content-length":
			n, err := strconv.ParseUint(value, 10, 31)
			if err != nil || a.length >= 0 || n > maxBody {
				return errLength
			}
			a.length = int64(n)
		case "transfer-encoding", "content-encoding":
			return errCoded
		case "content-type":
			a.kind = value
		}
	}
	if a.length < 0 {
		return errLength
	}
	return nil
}

// status is the refusal that an answer other than 200 is.
func (a *answer) status(body []byte) *grpcwire.Status {
	s := &grpcwire.Status{Code: grpcwire.Unknown, Message: "HTTP " + a.code + ": " + strings.ToValidUTF8(string(body[:min(len(body), maxRefuse)]), "?")}
	switch a.code {
	case "401":
		s.Code = grpcwire.Unauthenticated
	case "403":
		s.Code = grpcwire.PermissionDenied
	case "429", "503":
		s.Code = grpcwire.Unavailable
	}
	return s
}
