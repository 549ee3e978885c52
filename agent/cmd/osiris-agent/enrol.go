package main

import (
	"context"
	"errors"
	"io"

	"github.com/osiriscare/osiris/agent/internal/config"
)

// enrol is the verb enrol. On an enrolled machine it does nothing.
func enrol(ctx context.Context, o options, stderr io.Writer) (err error) {
	c, log, err := load(o, stderr)
	if err != nil {
		return err
	}
	a, err := newApp(c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	if a.identity.Enrolled() {
		log.Info("enrolled already", "agent_id", a.identity.AgentID(), "site_id", a.identity.SiteID())
		return nil
	}
	return a.enrol(ctx)
}

func (a *app) enrol(ctx context.Context) error {
	if a.config.TokenFile == "" {
		return errors.New("this machine is not enrolled: set token_file")
	}
	token, err := config.LoadToken(a.config.TokenFile)
	if err != nil {
		return err
	}
	pending, err := a.link.Enrol(ctx, token.Token.Reveal())
	if err != nil {
		return err
	}
	a.log.Info("enrolled", "agent_id", a.identity.AgentID(), "site_id", a.identity.SiteID(), "pending", pending)
	return nil
}
