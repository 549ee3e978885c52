// Package config reads the appliance's settings: defaults, then a YAML file,
// then the environment (OSIRIS_APPLIANCE_ and the key in capitals, with _ for a
// dot), then flags. An unknown key is an error that names its line. After
// Validate nothing is checked again.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"github.com/goccy/go-yaml"
)

// Config is every setting.
type Config struct {
	DataDir         string        `yaml:"data_dir"`
	AgentListen     string        `yaml:"agent_listen"`
	FallbackListen  string        `yaml:"fallback_listen"`
	SensorListen    string        `yaml:"sensor_listen"`
	StatusListen    string        `yaml:"status_listen"`
	Central         Central       `yaml:"central"`
	EvidenceDir     string        `yaml:"evidence_dir"`
	CheckInInterval time.Duration `yaml:"check_in_interval"`
	Update          Update        `yaml:"update"`
	Scan            Scan          `yaml:"scan"`
	Network         Network       `yaml:"network"`
	LogFormat       string        `yaml:"log_format"`
	LogLevel        string        `yaml:"log_level"`
}

// Central is how the appliance finds Central the first time.
type Central struct {
	ProvisioningFile string `yaml:"provisioning_file"`
}

// Default is what holds without a file.
func Default() Config {
	return Config{
		DataDir:         "/var/lib/osiris-appliance",
		AgentListen:     ":50051",
		FallbackListen:  ":8443",
		SensorListen:    ":8080",
		StatusListen:    "127.0.0.1:9465",
		Central:         Central{ProvisioningFile: "/etc/osiris-appliance/provisioning"},
		CheckInInterval: time.Minute,
		Update:          DefaultUpdate(),
		Scan:            DefaultScan(),
		Network:         DefaultNetwork(),
		LogFormat:       "text",
		LogLevel:        "info",
	}
}

// Load reads the file (none when path is empty) and the environment over the
// defaults. getenv is os.LookupEnv outside tests.
func Load(path string, getenv func(string) (string, bool)) (Config, error) {
	c := Default()
	if path != "" {
		content, err := os.ReadFile(path)
		if err != nil {
			return c, fmt.Errorf("reading configuration: %w", err)
		}
		if c, err = Parse(content); err != nil {
			return c, fmt.Errorf("reading configuration %s: %w", path, err)
		}
	}
	if err := c.environment(getenv); err != nil {
		return c, err
	}
	return c, c.Validate()
}

// Parse reads YAML over the defaults.
func Parse(content []byte) (Config, error) {
	c := Default()
	err := yaml.NewDecoder(bytes.NewReader(content), yaml.Strict()).Decode(&c)
	if err != nil && !errors.Is(err, io.EOF) {
		return c, err
	}
	if reflect.DeepEqual(c, Config{}) { // a file of comments only decodes to null
		return Default(), nil
	}
	return c, nil
}

func (c *Config) environment(getenv func(string) (string, bool)) error {
	texts := map[string]*string{
		"DATA_DIR": &c.DataDir, "AGENT_LISTEN": &c.AgentListen, "FALLBACK_LISTEN": &c.FallbackListen, "SENSOR_LISTEN": &c.SensorListen,
		"STATUS_LISTEN": &c.StatusListen, "CENTRAL_PROVISIONING_FILE": &c.Central.ProvisioningFile,
		"EVIDENCE_DIR": &c.EvidenceDir, "LOG_FORMAT": &c.LogFormat, "LOG_LEVEL": &c.LogLevel,
	}
	for name, to := range texts {
		if v, ok := getenv("OSIRIS_APPLIANCE_" + name); ok {
			*to = v
		}
	}
	if v, ok := getenv("OSIRIS_APPLIANCE_CHECK_IN_INTERVAL"); ok {
		d, err := time.ParseDuration(v)
		if err != nil {
			return fmt.Errorf("reading OSIRIS_APPLIANCE_CHECK_IN_INTERVAL: %w", err)
		}
		c.CheckInInterval = d
	}
	return nil
}

// Validate says everything that is wrong at once.
func (c Config) Validate() error {
	var errs []error
	if !filepath.IsAbs(c.DataDir) {
		errs = append(errs, fmt.Errorf("data_dir %q is not an absolute path", c.DataDir))
	}
	if c.EvidenceDir != "" && !filepath.IsAbs(c.EvidenceDir) {
		errs = append(errs, fmt.Errorf("evidence_dir %q is not an absolute path", c.EvidenceDir))
	}
	for key, address := range map[string]string{"agent_listen": c.AgentListen, "fallback_listen": c.FallbackListen, "sensor_listen": c.SensorListen, "status_listen": c.StatusListen} {
		if address == "" && key != "agent_listen" {
			continue
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			errs = append(errs, fmt.Errorf("%s %q is not host:port: %w", key, address, err))
		}
	}
	if c.CheckInInterval < time.Second || c.CheckInInterval > time.Hour {
		errs = append(errs, fmt.Errorf("check_in_interval %s is not between 1s and 1h", c.CheckInInterval))
	}
	errs = append(errs, c.Update.validate(), c.Scan.validate(), c.Network.validate())
	if c.LogFormat != "text" && c.LogFormat != "json" {
		errs = append(errs, fmt.Errorf("log_format %q is neither text nor json", c.LogFormat))
	}
	if _, err := c.level(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Evidence is the folder of the exported evidence.
func (c Config) Evidence() string {
	if c.EvidenceDir == "" {
		return filepath.Join(c.DataDir, "evidence")
	}
	return c.EvidenceDir
}

// Logger writes to w as the configuration says.
func (c Config) Logger(w io.Writer) (*slog.Logger, error) {
	level, err := c.level()
	if err != nil {
		return nil, err
	}
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return slog.New(slog.NewTextHandler(w, options)), nil
}

func (c Config) level() (level slog.Level, err error) {
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return level, fmt.Errorf("log_level %q is none of debug, info, warn, error", c.LogLevel)
	}
	return level, nil
}
