package main

import (
	"bufio"
	"os"
	"runtime"
	"strings"
)

// machine says where a figure was measured.
type machine struct {
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	CPUs    int    `json:"cpus"`
	CPU     string `json:"cpu"`
	Go      string `json:"go"`
	Load    string `json:"load"`                // over the last minute when it began
	SyncP50 string `json:"append_and_sync_p50"` // what one durable write costs on this disk
}

func thisMachine(dir string) machine {
	return machine{runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), cpuModel(), runtime.Version(), loadAverage(), syncCost(dir).String()}
}

// cpuModel is what the kernel calls the processor, where it says so.
func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close() //nolint:errcheck // read only
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// loadAverage is the one-minute load, where the system says it.
func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(b), " ")
	return first
}
