//go:build !linux

package clock

import "errors"

func system() (status, error) { return status{}, errors.ErrUnsupported }
