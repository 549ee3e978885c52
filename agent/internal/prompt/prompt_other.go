//go:build !linux && !darwin && !windows

package prompt

import "os"

// Terminal is never true: this system is not known here.
func Terminal(*os.File) bool { return false }

func hide(*os.File) (restore func(), err error) { return func() {}, nil }
