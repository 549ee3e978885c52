// Package memory sets how the appliance trades memory for time. The collector
// runs when the heap has grown to four times what is alive, which at intake cost
// 18 % less processor time than Go's default (2026-11-22, 64 agents), and harder
// once Limit is near: an appliance of 100 agents must stay below 256 MB (DESIGN
// §11), and a small box has other things to do. Sizes are bytes. GOGC and
// GOMEMLIMIT in the environment win.
package memory

import (
	"os"
	"runtime/debug"
)

// Limit is soft: Go collects more often near it and never fails because of it.
const Limit = 192 << 20

// percent is GOGC.
const percent = 300

// Tune sets both, unless the environment did.
func Tune() {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(percent)
	}
	if _, set := os.LookupEnv("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(Limit)
	}
}
