package config

import (
	"errors"
	"strings"
)

// key is one row of the table from which parsing, Sample and the messages come.
type key struct {
	name    string
	doc     string // wrapped by hand
	example string // shown commented out when the default is empty
}

var keys = []key{
	{name: "appliance_addr", example: "appliance.practice.example:50051", doc: "Address of the appliance, host:port, or the name of a DNS record of type SRV, such\nas _osiris-grpc._tcp.practice.example. May be left to the token file, which may\nhave it, and after enrolment to the data folder; without any, the record\n_osiris-grpc._tcp of this machine's domain counts."},
	{name: "fallback_addr", example: "appliance.practice.example:8443", doc: "Where to report while the address above cannot be reached, host:port. Port 8443 of\nthe same host unless it is set."},
	{name: "site_root", example: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", doc: "Pin of the site root: SHA-256 of its public key, 64 hexadecimal digits. In the\ntoken file, too."},
	{name: "central_root", example: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", doc: "Fingerprint of Central's root key, 64 hexadecimal digits. In the token file, too."},
	{name: "token_file", example: exampleTokenFile, doc: "Enrolment token, made by the appliance. Needed until the agent is enrolled. A file\ntoken.conf in data_dir or beside the program does, too."},
	{name: "data_dir", doc: "Folder for the key, the queue and the policy. Only administrators may read it."},
	{name: "root_dir", doc: "Folder that checks of files take for the root of the system, for example the\nmount point of an image. Leave it unless you inspect another system."},
	{name: "log_format", doc: "Form of the log lines: text or json."},
	{name: "log_level", doc: "Least level that is logged: debug, info, warn or error."},
	{name: "server_name", example: "appliance.s_aaaaaaaaaaaaaaaaaaaaaaaaaa.osiris.internal", doc: "Name that the appliance's certificate must have, when it differs from the one\nthat was learnt at enrolment."},
	{name: "check_now", doc: "yes: run every check at once when the agent starts, rather than spread over\ntime."},
}

func lookup(name string) *key {
	for i := range keys {
		if keys[i].name == name {
			return &keys[i]
		}
	}
	return nil
}

func keyNames() []string {
	names := make([]string, len(keys))
	for i := range keys {
		names[i] = keys[i].name
	}
	return names
}

// field is where a key's text is kept; nil for check_now.
func (c *Config) field(name string) *string {
	switch name {
	case "appliance_addr":
		return &c.ApplianceAddr
	case "fallback_addr":
		return &c.FallbackAddr
	case "site_root":
		return &c.SiteRoot
	case "central_root":
		return &c.CentralRoot
	case "token_file":
		return &c.TokenFile
	case "data_dir":
		return &c.DataDir
	case "root_dir":
		return &c.RootDir
	case "log_format":
		return &c.LogFormat
	case "log_level":
		return &c.LogLevel
	case "server_name":
		return &c.ServerName
	default:
		return nil
	}
}

func (k *key) set(c *Config, value string) error {
	if text := c.field(k.name); text != nil {
		*text = value
		return nil
	}
	switch value {
	case "yes", "true":
		c.CheckNow = true
	case "no", "false":
		c.CheckNow = false
	default:
		return errors.New("is yes or no")
	}
	return nil
}

func (k *key) get(c *Config) string {
	if text := c.field(k.name); text != nil {
		return *text
	}
	if c.CheckNow {
		return "yes"
	}
	return "no"
}

// Sample is a commented configuration file with the defaults of this system.
func Sample() string {
	c := Default()
	var b strings.Builder
	b.WriteString("# Configuration of the Osiris agent: key = value. Every key can be left out and\n# can be set by the environment variable " + envPrefix + "<KEY>.\n")
	for i := range keys {
		k := &keys[i]
		b.WriteString("\n# " + strings.ReplaceAll(k.doc, "\n", "\n# ") + "\n")
		if value := k.get(c); value != "" {
			b.WriteString(k.name + " = " + value + "\n")
		} else {
			b.WriteString("#" + k.name + " = " + k.example + "\n")
		}
	}
	return b.String()
}
