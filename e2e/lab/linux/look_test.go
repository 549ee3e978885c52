//go:build integration

package linux

import "testing"

func TestTheMachineIsItself(t *testing.T) {
	before, err := look()
	if err != nil {
		t.Fatal(err)
	}
	if len(before.sysctls) < 100 || len(before.mounts) == 0 || len(before.links) == 0 || before.offset == 0 {
		t.Errorf("look = %d sysctls, %d mounts, %d links, offset %s", len(before.sysctls), len(before.mounts), len(before.links), before.offset)
	}
	if err := before.same(before); err != nil {
		t.Error(err)
	}
}
