package main

import (
	"errors"
	"os"
	"strconv"
	"strings"
)

// resident is this process's resident size in KB (proc(5), VmRSS).
func resident() (int64, error) {
	content, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(content)) {
		if rest, found := strings.CutPrefix(line, "VmRSS:"); found {
			return strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		}
	}
	return 0, errors.New("reading /proc/self/status: there is no VmRSS")
}
