//go:build !linux

// Command benchagent measures the agent's checks on Linux; see main.go.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "benchagent: it measures on Linux only")
	os.Exit(1)
}
