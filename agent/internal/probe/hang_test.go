//go:build linux

package probe

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/osiriscare/osiris/shared/check"
)

func TestAReaderThatHangsDoesNotGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(t.TempDir())
		// As if an earlier reading had never come back.
		if !p.begin(context.Background(), check.DiskSpace) {
			t.Fatal("begin = false")
		}
		facts := p.Read(context.Background(), check.DiskSpace)
		if _, ok := facts.Get(check.FactError); !ok {
			t.Errorf("facts = %v; want an error", facts)
		}
		p.end(check.DiskSpace)
		if _, ok := p.Read(context.Background(), check.DiskSpace).Get(check.FactVolume); !ok {
			t.Error("it does not read again afterwards")
		}
	})
}
