package ca

import (
	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/identity"
)

// Module provides the site's intermediate CA.
var Module = fx.Module("ca", fx.Provide(func(i *identity.Identity) (*CA, error) {
	return New(i.SiteID(), i.CA, i.CACertificate, i.SiteRoot)
}))
