package main

import (
	"log/slog"
	"testing"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/central/internal/config"
)

func TestWiring(t *testing.T) {
	if err := fx.ValidateApp(app(config.Default(), slog.New(slog.DiscardHandler))); err != nil {
		t.Errorf("ValidateApp = %v", err)
	}
}
