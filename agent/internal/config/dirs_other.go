//go:build !windows && !darwin

package config

const exampleTokenFile = "/etc/osiris-agent/token.conf"

func defaultDirs() (data, root string) { return "/var/lib/osiris-agent", "/" }
