package memory_test

import (
	"os"
	"runtime/debug"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/memory"
)

func TestTheEnvironmentWins(t *testing.T) {
	gogc, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	defer func() {
		debug.SetGCPercent(gogc)
		debug.SetMemoryLimit(limit)
	}()
	t.Setenv("GOGC", "100")
	t.Setenv("GOMEMLIMIT", "1GiB")
	memory.Tune()
	if got := debug.SetGCPercent(100); got != 100 {
		t.Errorf("GOGC = %d although the environment set it", got)
	}
	if got := debug.SetMemoryLimit(-1); got != limit {
		t.Errorf("the memory limit = %d although the environment set it", got)
	}
}

func TestTheLimitIsSet(t *testing.T) {
	limit := debug.SetMemoryLimit(-1)
	gogc := debug.SetGCPercent(100)
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		t.Setenv(name, "") // so that it is put back
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		debug.SetGCPercent(gogc)
		debug.SetMemoryLimit(limit)
	}()
	memory.Tune()
	if got := debug.SetMemoryLimit(-1); got != memory.Limit {
		t.Errorf("the memory limit = %d; want %d", got, memory.Limit)
	}
}
