// Package config is the agent's configuration: a flat file of `key = value`
// lines, because a YAML parser or the flag package do not fit into the agent.
//
// Lines that start with # and empty lines are comments. A value is taken as it
// stands, without quotes or escapes, so Windows paths need no care; a `#` after
// a space in a value is refused, because it was most likely meant as a comment.
// A byte order mark and CRLF are accepted. An unknown key, a key given twice and
// a line without = are errors that name the line.
//
// Each key can be overridden by the environment variable OSIRIS_AGENT_<KEY>; an
// unknown variable of that prefix is an error, too. The order is: defaults,
// file, environment; then Validate.
//
// The enrolment token file that the appliance writes has the same form
// (LoadToken).
package config

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// envPrefix begins the environment variables.
const envPrefix = "OSIRIS_AGENT_"

// Config is what the agent needs to start. Strings may be empty where the key's
// description in Sample says so.
type Config struct {
	ApplianceAddr string // host:port
	FallbackAddr  string // host:port
	SiteRoot      string // pin, 64 hexadecimal digits
	CentralRoot   string // fingerprint, 64 hexadecimal digits
	TokenFile     string
	DataDir       string
	RootDir       string
	LogFormat     string // text or json
	LogLevel      string // debug, info, warn or error
	ServerName    string
	CheckNow      bool

	_ [0]func() // nobody compares: saves the function that would, 0.9 KB
}

// Default is the configuration of an empty file on this system.
func Default() *Config {
	c := &Config{LogFormat: "text", LogLevel: "info"}
	c.DataDir, c.RootDir = defaultDirs()
	return c
}

// Load reads the file at path over the defaults, then the environment. An empty
// path means DefaultFile, which need not be there. It checks form only; Validate
// checks the values.
func Load(path string) (*Config, error) {
	c := Default()
	optional := path == ""
	if optional {
		path = DefaultFile()
	}
	if path != "" {
		pairs, err := parseFile(path)
		if optional && errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading configuration: %w", err)
		}
		if err := c.apply(pairs); err != nil {
			return nil, fmt.Errorf("reading configuration %s: %w", path, err)
		}
	}
	if err := c.applyEnv(os.Environ()); err != nil {
		return nil, fmt.Errorf("reading the environment: %w", err)
	}
	return c, nil
}

func (c *Config) apply(pairs []Pair) error {
	for _, p := range pairs {
		k := lookup(p.Key)
		if k == nil {
			return lineError(p.Line, unknownKey(p.Key, keyNames()))
		}
		if err := k.set(c, p.Value); err != nil {
			return lineError(p.Line, p.Key+": "+err.Error())
		}
	}
	return nil
}

func (c *Config) applyEnv(env []string) error {
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		rest, ok := strings.CutPrefix(name, envPrefix)
		if !ok {
			continue
		}
		k := lookup(strings.ToLower(rest))
		if k == nil {
			return errors.New(name + ": " + unknownKey(strings.ToLower(rest), keyNames()))
		}
		if err := k.set(c, value); err != nil {
			return errors.New(name + ": " + err.Error())
		}
	}
	return nil
}
