//go:build !windows && !darwin

package config

const exampleTokenFile = "/etc/osiris-agent/token.conf"

func defaultDirs() (data, root string) { return "/var/lib/osiris-agent", "/" }

// DefaultFile is the configuration that counts when none is named.
func DefaultFile() string { return "/etc/osiris-agent/agent.conf" }
