package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestServicesAreHeldWhilePackagesAreInstalled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy-rc.d")
	release, err := holdServices(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o111 == 0 {
		t.Errorf("the policy is %v, %v; want a program", info, err)
	}
	again, err := holdServices(path) // the machine's own
	if err != nil || again() != nil {
		t.Errorf("with a policy of the machine's own: %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the machine's own policy is gone: %v", err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the policy stays")
	}
}
