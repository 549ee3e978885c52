package api

import (
	"connectrpc.com/connect"

	"github.com/osiriscare/osiris/central/internal/auth"
	"github.com/osiriscare/osiris/central/internal/credential"
	"github.com/osiriscare/osiris/central/internal/fleet"
	"github.com/osiriscare/osiris/central/internal/intake"
	"github.com/osiriscare/osiris/central/internal/order"
	"github.com/osiriscare/osiris/central/internal/publish"
	"github.com/osiriscare/osiris/central/internal/site"
	"github.com/osiriscare/osiris/central/internal/store"
	"github.com/osiriscare/osiris/central/internal/target"
	"github.com/osiriscare/osiris/central/internal/witness"
)

// codes are the errors that callers may see in full.
var codes = []struct {
	err  error
	code connect.Code
}{
	{auth.ErrDenied, connect.CodeUnauthenticated},
	{site.ErrName, connect.CodeInvalidArgument},
	{site.ErrTier, connect.CodeInvalidArgument},
	{site.ErrClaim, connect.CodeInvalidArgument},
	{site.ErrCode, connect.CodePermissionDenied},
	{site.ErrCodeUsed, connect.CodePermissionDenied},
	{site.ErrCodeExpired, connect.CodePermissionDenied},
	{site.ErrKeysTaken, connect.CodeAlreadyExists},
	{site.ErrRetired, connect.CodeUnauthenticated},
	{site.ErrEpoch, connect.CodeFailedPrecondition},
	{site.ErrEpochs, connect.CodeFailedPrecondition},
	{site.ErrRoots, connect.CodeFailedPrecondition},
	{site.ErrIssuing, connect.CodeFailedPrecondition},
	{site.ErrEarly, connect.CodeFailedPrecondition},
	{publish.ErrTrustSize, connect.CodeFailedPrecondition},
	{publish.ErrCeiling, connect.CodeFailedPrecondition},
	{publish.ErrPolicy, connect.CodeInvalidArgument},
	{intake.ErrOrigin, connect.CodePermissionDenied},
	{intake.ErrClosed, connect.CodeFailedPrecondition},
	{intake.ErrBatch, connect.CodeInvalidArgument},
	{witness.ErrFork, connect.CodeFailedPrecondition},
	{witness.ErrCheckpoint, connect.CodeInvalidArgument},
	{fleet.ErrPage, connect.CodeInvalidArgument},
	{target.ErrTarget, connect.CodeInvalidArgument},
	{credential.ErrCredential, connect.CodeInvalidArgument},
	{order.ErrOrder, connect.CodeFailedPrecondition},
	{store.ErrNotFound, connect.CodeNotFound},
	{store.ErrConflict, connect.CodeAborted},
}
