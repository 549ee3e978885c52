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

// errAnswer is a breach of HTTP, or of what is taken here.
var errAnswer = errors.New("the answer is not HTTP/1.1 as an appliance speaks it")

// readAnswer reads the one answer that is on its way.
func readAnswer(r io.Reader) ([]byte, error) {
	buf := make([]byte, 0, maxHead)
	end := -1
	for end < 0 {
		n, err := r.Read(buf[len(buf):maxHead])
		buf = buf[:len(buf)+n]
		if end = bytes.Index(buf, []byte("\r\n\r\n")); end < 0 && (err != nil || len(buf) == maxHead) {
			return nil, errors.Join(errAnswer, err)
		}
	}
	code, length := parseHead(string(buf[:end+2]))
	rest := buf[end+4:]
	if length < len(rest) || length > maxBody { // nothing may follow
		return nil, errAnswer
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body[copy(body, rest):]); err != nil {
		return nil, err
	}
	if code != "200" {
		return nil, refusal(code, body)
	}
	return body, nil
}

// parseHead gives the status and the length, -1 for an answer that is not to be
// taken. All lines of head end in CRLF.
func parseHead(head string) (code string, length int) {
	head = strings.ToLower(head)
	_, value, _ := strings.Cut(head, "\r\ncontent-length: ")
	value, _, _ = strings.Cut(value, "\r\n")
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil || len(head) < 12 || head[:9] != "http/1.1 " || head[9] < '2' ||
		strings.Count(head, "\n") != strings.Count(head, "\r\n") || // a line feed alone ends lines for some
		strings.Count(head, "\r\ncontent-length") != 1 || strings.Contains(head, "-encoding:") || strings.Contains(head, "\r\n ") ||
		(head[9] == '2' && !strings.Contains(head, "\r\ncontent-type: "+contentType+"\r\n")) {
		return "", -1
	}
	return head[9:12], int(n)
}

// refusal is an answer other than 200.
func refusal(code string, body []byte) *grpcwire.Status {
	s := &grpcwire.Status{Code: grpcwire.Unknown, Message: "HTTP " + code + ": " + strings.ToValidUTF8(string(body[:min(len(body), maxRefuse)]), "?")}
	switch code {
	case "401":
		s.Code = grpcwire.Unauthenticated
	case "403":
		s.Code = grpcwire.PermissionDenied
	case "429", "503":
		s.Code = grpcwire.Unavailable
	}
	return s
}
