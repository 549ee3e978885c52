//go:build !windows

package main

// understandsANSI is true of every terminal that is not dumb.
func understandsANSI() bool { return true }
