//go:build !windows

package probe

import "os"

// hostname is empty where it cannot be read.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}
