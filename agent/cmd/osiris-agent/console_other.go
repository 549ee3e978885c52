//go:build !windows

package main

import "os"

// understandsANSI is true of every terminal that is not dumb.
func understandsANSI(*os.File) bool { return true }
