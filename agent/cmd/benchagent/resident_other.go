//go:build !linux

package main

import "errors"

// resident is not measured here.
func resident() (int64, error) { return 0, errors.ErrUnsupported }
