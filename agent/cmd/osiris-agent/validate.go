package main

import (
	"fmt"
	"io"

	"github.com/osiriscare/osiris/agent/internal/config"
)

// validate is the verb validate: it takes the same path as run and opens nothing.
func validate(o *options, stdout io.Writer) error {
	c, _, err := load(o, io.Discard)
	if err != nil {
		return err
	}
	if c.TokenFile != "" {
		if _, err := config.LoadToken(c.TokenFile); err != nil {
			return fmt.Errorf("checking configuration: %w", err)
		}
	}
	// An update runs this with no output at all, which Windows, unlike others, makes
	// an error of writing (seen 2026-11-22: no service could update itself).
	_, _ = io.WriteString(stdout, "the configuration is good\n")
	return nil
}

// sample is the verb sample.
func sample(stdout io.Writer) error {
	_, err := io.WriteString(stdout, config.Sample())
	return err
}
