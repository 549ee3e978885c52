package grpcwire

import "fmt"

// GoAwayError ends a connection that the peer asked us to leave. Calls with an
// id above Last were not processed; the others were allowed to finish.
type GoAwayError struct {
	Last  uint32
	Code  uint32 // HTTP/2 error code
	Debug string // the peer's words, at most 256 bytes
}

func (e *GoAwayError) Error() string {
	return fmt.Sprintf("peer sent GOAWAY: HTTP/2 code %d, last stream %d, %q", e.Code, e.Last, e.Debug)
}
