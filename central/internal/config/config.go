// Package config is the settings of osiris-central: defaults, then a YAML file,
// then OSIRIS_CENTRAL_* in the environment, then flags (DESIGN D38). An unknown
// key is an error with its line. Load gives settings that were validated; after
// that nobody checks again.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
)

// Config is the settings.
type Config struct {
	DataDir   string `yaml:"data_dir"`
	APIListen string `yaml:"api_listen"`
	WebListen string `yaml:"web_listen"`
	PublicURL string `yaml:"public_url"`
	LogFormat string `yaml:"log_format"`
	LogLevel  string `yaml:"log_level"`
}

// Default is what holds when nothing is said.
func Default() Config {
	return Config{
		DataDir: "/var/lib/osiris-central", APIListen: ":8443", WebListen: "127.0.0.1:8090",
		PublicURL: "https://localhost:8443", LogFormat: "text", LogLevel: "info",
	}
}

// fields are the keys with their places, for environment and flags.
func (c *Config) fields() map[string]*string {
	return map[string]*string{
		"data_dir": &c.DataDir, "api_listen": &c.APIListen, "web_listen": &c.WebListen, "public_url": &c.PublicURL,
		"log_format": &c.LogFormat, "log_level": &c.LogLevel,
	}
}

// Load reads the file path (empty: none) and overrides it, by environment and
// then by flags given as key to value.
func Load(path string, getenv func(string) string, flags map[string]string) (Config, error) {
	c := Default()
	if path != "" {
		raw, err := os.ReadFile(path)
		if err != nil {
			return c, fmt.Errorf("reading configuration: %w", err)
		}
		if err := parse(raw, &c); err != nil {
			return c, fmt.Errorf("reading configuration %s: %w", path, err)
		}
	}
	for key, into := range c.fields() {
		if v := getenv("OSIRIS_CENTRAL_" + strings.ToUpper(key)); v != "" {
			*into = v
		}
	}
	for key, v := range flags {
		into, known := c.fields()[key]
		if !known {
			return c, fmt.Errorf("setting %s: there is no such key", key)
		}
		*into = v
	}
	return c, c.Validate()
}

// maxFile bounds the file, so that a mistaken path does not fill memory.
const maxFile = 1 << 20

func parse(raw []byte, into *Config) error {
	if len(raw) > maxFile {
		return errors.New("the file is larger than a megabyte")
	}
	read := *into
	err := yaml.NewDecoder(bytes.NewReader(raw), yaml.Strict()).Decode(&read)
	if err != nil && !errors.Is(err, io.EOF) {
		return errors.New(strings.TrimSpace(yaml.FormatError(err, false, false)))
	}
	if read != (Config{}) {
		// A file of comments is null to the decoder (go-yaml 1.19.2) and leaves
		// nothing of the defaults.
		*into = read
	}
	return nil
}

// Validate names the first setting that makes no sense.
func (c Config) Validate() error {
	if !filepath.IsAbs(c.DataDir) {
		return fmt.Errorf("data_dir: %q is not an absolute path", c.DataDir)
	}
	if _, _, err := net.SplitHostPort(c.APIListen); err != nil {
		return fmt.Errorf("api_listen: %w", err)
	}
	if err := loopback(c.WebListen); err != nil {
		return fmt.Errorf("web_listen: %w", err)
	}
	if u, err := url.Parse(c.PublicURL); err != nil || u.Scheme != "https" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		return fmt.Errorf("public_url: %q is not an https address of a host", c.PublicURL)
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		return fmt.Errorf("log_format: %q is neither text nor json", c.LogFormat)
	}
	if _, err := c.Level(); err != nil {
		return err
	}
	return nil
}

// loopback holds the plain-HTTP dashboard on this computer: its cookie would
// cross the network unprotected.
func loopback(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("%q is not a loopback address; the dashboard there is plain HTTP, put a TLS proxy before it", listen)
}

// Level is the log level.
func (c Config) Level() (level slog.Level, err error) {
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return level, fmt.Errorf("log_level: %q is not debug, info, warn or error", c.LogLevel)
	}
	return level, nil
}

// Logger logs to w as the settings say.
func (c Config) Logger(w io.Writer) *slog.Logger {
	level, err := c.Level()
	if err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// Database is the path of the database file.
func (c Config) Database() string { return filepath.Join(c.DataDir, "central.db") }

// Archive is the folder of evidence bodies.
func (c Config) Archive() string { return filepath.Join(c.DataDir, "archive") }

// TokenFile holds the first operator's token.
func (c Config) TokenFile() string { return filepath.Join(c.DataDir, "operator.token") }
