package service

import (
	"io"
	"unsafe"
)

// eventLog writes lines of package say to the Windows event log.
type eventLog struct{ source uintptr }

// Output is the event log, source OsirisAgent.
func Output() io.Writer {
	source, _ := call("RegisterEventSourceW", 0, uintptr(wide(Name))) // without it, each write says what is wrong
	return &eventLog{source}
}

// Write adds an event. Its id is that of the line's level: 1 information, 2
// warning, 3 error. Package say quotes what would end a string.
func (e *eventLog) Write(line []byte) (int, error) {
	kind := eventKind(line)
	texts := [1]unsafe.Pointer{wide(string(line[:len(line)-1]))}
	_, err := call("ReportEventW", e.source, uintptr(4>>(kind-1)), 0, uintptr(kind), 0, 1, 0, uintptr(unsafe.Pointer(&texts)), 0)
	if err != nil {
		return 0, err
	}
	return len(line), nil
}
