package config

const exampleTokenFile = "/Library/Application Support/Osiris/token.conf"

func defaultDirs() (data, root string) { return "/Library/Application Support/Osiris", "/" }

// DefaultFile is the configuration that counts when none is named.
func DefaultFile() string { return "/Library/Application Support/Osiris/agent.conf" }
