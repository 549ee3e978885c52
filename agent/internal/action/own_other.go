//go:build !darwin && !windows

package action

// own are the actions of this system.
func own() []Action { return []Action{sysctlHarden} }

// system is no Windows.
var system windows
