package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"go.uber.org/dig"

	"github.com/osiriscare/osiris/appliance/internal/config"
	"github.com/osiriscare/osiris/appliance/internal/identity"
	"github.com/osiriscare/osiris/appliance/internal/uplink"
)

// Start is long because it may wait for Central once; stop is what a service
// manager grants with room to spare.
const (
	startTime = time.Minute
	stopTime  = 10 * time.Second
)

// run serves until ctx ends.
func run(ctx context.Context, c config.Config, errs io.Writer) error {
	log, err := c.Logger(errs)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return fmt.Errorf("making data folder: %w", err)
	}
	id, err := claimed(ctx, c, log)
	if err != nil {
		return err
	}
	app := program(c, id, log)
	starting, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := app.Start(starting); err != nil {
		if ctx.Err() != nil {
			return nil // asked to stop while starting
		}
		// Without the chain of which part needed which.
		return fmt.Errorf("starting: %w", dig.RootCause(err))
	}
	log.InfoContext(ctx, "ready", "site_id", id.SiteID(), "appliance_id", id.ApplianceID(), "version", version)
	code := 0
	select {
	case <-ctx.Done():
	case signal := <-app.Wait():
		code = signal.ExitCode
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := app.Stop(stopping); err != nil {
		return fmt.Errorf("stopping: %w", err)
	}
	if code != 0 {
		return errors.New("a part of the appliance could not go on; see the log")
	}
	log.InfoContext(stopping, "stopped")
	return nil
}

// claimed loads the identity, or gets it from Central.
func claimed(ctx context.Context, c config.Config, log *slog.Logger) (*identity.Identity, error) {
	id, err := identity.Load(c.DataDir)
	if !errors.Is(err, identity.ErrUnclaimed) {
		return id, err
	}
	p, err := provision(c)
	if err != nil {
		return nil, err
	}
	hostname, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("reading the host name: %w", err)
	}
	if id, err = uplink.ClaimUntil(ctx, c.DataDir, p, hostname, log); err != nil {
		return nil, err
	}
	log.InfoContext(ctx, "appliance claimed", "site_id", id.SiteID(), "appliance_id", id.ApplianceID(),
		"site", id.Claim.GetSiteName(), "bundle_key", id.Bundle.ID().String())
	return id, nil
}

func provision(c config.Config) (identity.Provision, error) {
	if c.Central.ProvisioningFile == "" {
		return identity.Provision{}, errors.New("the appliance is not claimed and central.provisioning_file is empty")
	}
	text, err := os.ReadFile(c.Central.ProvisioningFile)
	if err != nil {
		return identity.Provision{}, fmt.Errorf("reading provisioning file: %w; Central makes its content with osirisctl provision", err)
	}
	return identity.ParseProvision(string(text))
}

// claimOnce is the claim verb.
func claimOnce(ctx context.Context, c config.Config, out io.Writer) error {
	if id, err := identity.Load(c.DataDir); !errors.Is(err, identity.ErrUnclaimed) {
		if err != nil {
			return err
		}
		_, err := fmt.Fprintf(out, "claimed already: site %s, appliance %s\n", id.SiteID(), id.ApplianceID())
		return err
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return fmt.Errorf("making data folder: %w", err)
	}
	p, err := provision(c)
	if err != nil {
		return err
	}
	hostname, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("reading the host name: %w", err)
	}
	id, err := uplink.Claim(ctx, c.DataDir, p, hostname)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "claimed: site %s, appliance %s\n", id.SiteID(), id.ApplianceID())
	return err
}
