package grpcwire

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
)

// Status codes that this package itself uses; the full list is in gRPC's
// statuscodes.md.
const (
	OK                = 0
	Canceled          = 1
	Unknown           = 2
	DeadlineExceeded  = 4
	PermissionDenied  = 7
	ResourceExhausted = 8
	Unimplemented     = 12
	Internal          = 13
	Unavailable       = 14
	Unauthenticated   = 16
)

// Status is how a call ended, if not well. Message is the peer's text as it came
// (any bytes, no longer than a header list) or ours.
type Status struct {
	Code    uint32
	Message string
}

func failed(code uint32, message string, numbers ...int) *Status {
	return &Status{Code: code, Message: fill(message, numbers)}
}

func (s *Status) Error() string {
	return "grpc status " + strconv.FormatUint(uint64(s.Code), 10) + ": " + s.Message
}

// Code is the status code of err: OK for nil and io.EOF, UNKNOWN for an error
// that carries none.
func Code(err error) uint32 {
	if s, ok := errors.AsType[*Status](err); ok {
		return s.Code
	}
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return OK
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return DeadlineExceeded
	}
	return Unknown
}

func contextStatus(ctx context.Context) error {
	err := context.Cause(ctx)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return failed(DeadlineExceeded, err.Error())
	}
	return failed(Canceled, err.Error())
}

// trailerStatus reads grpc-status and grpc-message; a call that ended well is
// io.EOF.
func trailerStatus(h []Header) error {
	raw, ok := find(h, "grpc-status")
	if !ok {
		return failed(Unknown, "peer ended the call without grpc-status")
	}
	code, err := strconv.ParseUint(raw, 10, 32)
	if err != nil {
		return failed(Unknown, "peer sent malformed grpc-status "+strconv.Quote(raw))
	}
	if code == OK {
		return io.EOF
	}
	msg, _ := find(h, "grpc-message")
	return &Status{Code: uint32(code), Message: unescape(msg)}
}

// httpStatus maps an answer that is not 200, as http-grpc-status-mapping.md does.
func httpStatus(h []Header, code string) error {
	s := &Status{Code: Unknown}
	switch code {
	case "400":
		s.Code = Internal
	case "401":
		s.Code = Unauthenticated
	case "403":
		s.Code = PermissionDenied
	case "404":
		s.Code = Unimplemented
	case "429", "502", "503", "504":
		s.Code = Unavailable
	}
	ct, _ := find(h, "content-type")
	s.Message = "peer answered HTTP " + strconv.Quote(code) + " with content type " + strconv.Quote(ct)
	return s
}

// resetStatus maps RST_STREAM as PROTOCOL-HTTP2.md does.
func resetStatus(code uint32) *Status {
	s := failed(Internal, "peer reset the call, HTTP/2 code "+strconv.FormatUint(uint64(code), 10))
	switch code {
	case codeRefused:
		s.Code = Unavailable
	case codeCancel:
		s.Code = Canceled
	case codeCalm:
		s.Code = ResourceExhausted
	case codeInadequate:
		s.Code = PermissionDenied
	}
	return s
}

// unescape undoes the percent-encoding of grpc-message; what is not a valid
// escape stays as it is.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b = append(b, byte(v))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}
