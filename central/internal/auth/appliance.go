package auth

import (
	"context"
	"crypto/x509"
	"net/http"
	"time"

	"github.com/osiriscare/osiris/central/internal/ca"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Appliance is what a verified client certificate says.
type Appliance struct {
	ID          store.ApplianceID
	SiteID      store.SiteID
	Certificate []byte // DER
}

type applianceKey struct{}

// maxStranger bounds what a caller without a certificate may send: a claim has
// about a kilobyte.
const maxStranger = 64 << 10

// WithAppliance puts the identity of the client certificate into the request.
// The TLS layer has verified the chain at the handshake; dates are looked at
// again, because a connection may outlive a certificate.
func WithAppliance(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a, ok := applianceOf(r); ok {
			r = r.WithContext(context.WithValue(r.Context(), applianceKey{}, a))
		} else {
			r.Body = http.MaxBytesReader(w, r.Body, maxStranger)
		}
		next.ServeHTTP(w, r)
	})
}

func applianceOf(r *http.Request) (Appliance, bool) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 || len(r.TLS.VerifiedChains[0]) == 0 {
		return Appliance{}, false
	}
	return identify(r.TLS.VerifiedChains[0][0], time.Now())
}

func identify(leaf *x509.Certificate, now time.Time) (Appliance, bool) {
	id, site, err := ca.ParseApplianceName(leaf)
	if err != nil || now.After(leaf.NotAfter) || now.Before(leaf.NotBefore) {
		return Appliance{}, false
	}
	return Appliance{ID: store.ApplianceID(id), SiteID: store.SiteID(site), Certificate: leaf.Raw}, true
}

// ApplianceOf is the caller's identity, if it has one.
func ApplianceOf(ctx context.Context) (Appliance, bool) {
	a, ok := ctx.Value(applianceKey{}).(Appliance)
	return a, ok
}

type operatorKey struct{}

// WithOperator names the operator in a context.
func WithOperator(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, operatorKey{}, name)
}

// Operator is the operator of a context, or empty.
func Operator(ctx context.Context) string {
	name, _ := ctx.Value(operatorKey{}).(string)
	return name
}
