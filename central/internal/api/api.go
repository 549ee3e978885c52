// Package api is central.v1 over Connect RPC: ApplianceService on mutual TLS,
// where the site comes from the client certificate and nothing else, and
// FleetService behind an operator's bearer token. Methods are default-deny: a
// caller without identity reaches Claim only. Errors inside become a code and
// one safe sentence at this edge; what is unknown becomes "internal" and is
// logged here. Every call that changes something is in the audit log.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"connectrpc.com/connect"

	"github.com/osiriscare/osiris/proto/central/v1/centralv1connect"

	"github.com/osiriscare/osiris/central/internal/audit"
	"github.com/osiriscare/osiris/central/internal/auth"
	"github.com/osiriscare/osiris/central/internal/credential"
	"github.com/osiriscare/osiris/central/internal/fleet"
	"github.com/osiriscare/osiris/central/internal/intake"
	"github.com/osiriscare/osiris/central/internal/order"
	"github.com/osiriscare/osiris/central/internal/publish"
	"github.com/osiriscare/osiris/central/internal/site"
	"github.com/osiriscare/osiris/central/internal/store"
	"github.com/osiriscare/osiris/central/internal/target"
	"github.com/osiriscare/osiris/central/internal/tenant"
)

// Limits of messages: evidence comes in batches of about a megabyte; a single
// bundle may have one and a half with its signature.
const (
	maxApplianceMessage = 32 << 20
	maxFleetMessage     = 4 << 20
)

// Deps are the parts that the API is the surface of.
type Deps struct {
	Auth    *auth.Service
	Audit   *audit.Log
	Sites   *site.Service
	Tenants *tenant.Service
	Publish *publish.Publisher
	Intake  *intake.Intake
	Fleet   *fleet.Fleet
	Targets *target.Service
	Secrets *credential.Service
	Orders  *order.Service
	Store   *store.Store
	Site    site.Config
	Log     *slog.Logger
}

// API serves both services.
type API struct {
	appliance http.Handler
	fleet     http.Handler
}

// New makes the API.
func New(d Deps) *API {
	log := d.Log.With("component", "api")
	safe := connect.WithInterceptors(safeErrors(log))
	_, appliance := centralv1connect.NewApplianceServiceHandler(
		&applianceService{d, log}, safe, connect.WithInterceptors(onlyAppliances(d.Sites)), connect.WithReadMaxBytes(maxApplianceMessage))
	_, fleetHandler := centralv1connect.NewFleetServiceHandler(
		&fleetService{d}, safe, connect.WithInterceptors(onlyOperators(d.Auth, d.Audit)), connect.WithReadMaxBytes(maxFleetMessage))
	return &API{appliance: auth.WithAppliance(appliance), fleet: fleetHandler}
}

// Services adds both services to a mux, for the TLS listener.
func (a *API) Services(mux *http.ServeMux) {
	mux.Handle("/"+centralv1connect.ApplianceServiceName+"/", a.appliance)
	a.FleetService(mux)
}

// FleetService adds what operators call.
func (a *API) FleetService(mux *http.ServeMux) {
	mux.Handle("/"+centralv1connect.FleetServiceName+"/", a.fleet)
}

// safeErrors turns what handlers return into what strangers may see.
func safeErrors(log *slog.Logger) connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			answer, err := next(ctx, req)
			if err == nil {
				return answer, nil
			}
			outside := outward(err)
			if outside.Code() == connect.CodeInternal && ctx.Err() == nil {
				log.ErrorContext(ctx, "call failed", "procedure", req.Spec().Procedure, "error", err)
			}
			return nil, outside
		}
	}
}

// outward maps an error to a code and its words. Errors that are not named here
// say nothing of our insides.
func outward(err error) *connect.Error {
	var already *connect.Error
	if errors.As(err, &already) {
		return already
	}
	for _, known := range codes {
		if errors.Is(err, known.err) {
			return connect.NewError(known.code, err)
		}
	}
	var entry *intake.EntryError
	switch {
	case errors.As(err, &entry):
		return connect.NewError(connect.CodeInvalidArgument, err)
	case errors.Is(err, context.Canceled):
		return connect.NewError(connect.CodeCanceled, errors.New("the caller went away"))
	case errors.Is(err, context.DeadlineExceeded):
		return connect.NewError(connect.CodeDeadlineExceeded, errors.New("it took too long"))
	}
	return connect.NewError(connect.CodeInternal, errors.New("internal error; Central's log says more"))
}
