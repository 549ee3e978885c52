package main

import (
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/appliance/internal/config"
	"github.com/osiriscare/osiris/appliance/internal/identity"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/signed"
)

func TestWiring(t *testing.T) {
	key, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	id := &identity.Identity{
		Keys:      &identity.Keys{Command: key, Bundle: key, Log: key},
		Provision: identity.Provision{CentralRoot: strings.Repeat("0", 64)},
		Claim:     &centralv1.ClaimResponse{SiteId: "s_1", ApplianceId: "ap_1"},
	}
	if err := fx.ValidateApp(options(config.Default(), id, slog.New(slog.DiscardHandler))); err != nil {
		t.Fatal(err)
	}
}
