package ca

import (
	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/identity"
)

// Module provides the site's intermediate CA.
var Module = fx.Module("ca", fx.Provide(func(i *identity.Identity) (*CA, error) {
	c, err := New(i.SiteID(), i.CA, i.CACertificate, i.SiteRoot)
	if err != nil {
		return nil, err
	}
	return c, c.Replace(i.CACertificate, i.SiteRoot, i.Others)
}))
