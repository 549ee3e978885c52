package signature

import "github.com/osiriscare/osiris/agent/internal/wire"

// ours are the marks of this system.
func ours(w *wire.ProductSignature) *[]byte { return &w.Darwin }
