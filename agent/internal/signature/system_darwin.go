package signature

import "github.com/osiriscare/osiris/agent/internal/wire"

// system is whose marks count.
const system = wire.MarksDarwin
