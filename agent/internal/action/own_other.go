//go:build !darwin

package action

// own are the actions that only this system has: none beside the common ones.
func own() []Action { return nil }
