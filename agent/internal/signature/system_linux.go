package signature

import "github.com/osiriscare/osiris/agent/internal/wire"

// system is whose marks count.
const system = wire.MarksLinux

// expand has nothing to do here.
func expand(pattern string) string { return pattern }
