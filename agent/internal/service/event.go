package service

import "bytes"

// eventKind finds the level in a line of package say, text or JSON: 1
// information, 2 warning, 3 error. The types of ReportEvent are 4, 2 and 1.
func eventKind(line []byte) int {
	head := bytes.ToUpper(line[:min(len(line), 60)])
	_, level, found := bytes.Cut(head, []byte(`"LEVEL":"`))
	if !found {
		_, level, _ = bytes.Cut(head, []byte(" "))
	}
	switch {
	case bytes.HasPrefix(level, []byte("WARN")):
		return 2
	case bytes.HasPrefix(level, []byte("ERR")):
		return 3
	}
	return 1
}
