package grpcwire

import (
	"fmt"
	"strconv"
	"strings"
)

// HTTP/2 error codes, RFC 9113 section 7.
const (
	codeNoError     = 0x0
	codeProtocol    = 0x1
	codeFlow        = 0x3
	codeClosed      = 0x5
	codeFrameSize   = 0x6
	codeRefused     = 0x7
	codeCancel      = 0x8
	codeCompression = 0x9
	codeCalm        = 0xb
	codeInadequate  = 0xc
)

// ProtocolError is a breach of HTTP/2 or of our limits by the peer. Code is the
// HTTP/2 error code that our GOAWAY carried.
type ProtocolError struct {
	Code   uint32
	Reason string
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("HTTP/2 error %d: %s", e.Code, e.Reason)
}

func fault(code uint32, reason string, numbers ...int) error {
	return &ProtocolError{Code: code, Reason: fill(reason, numbers)}
}

// fill puts numbers in the place of each %d: fmt takes them boxed, which costs
// three times the code at each call.
func fill(text string, numbers []int) string {
	for _, n := range numbers {
		before, after, _ := strings.Cut(text, "%d")
		text = before + strconv.Itoa(n) + after
	}
	return text
}
