package signature

import "context"

// Look looks at the file once, as Run does.
func (h *Holder) Look(ctx context.Context) { h.take(ctx, stamp{}) }
