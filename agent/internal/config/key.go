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
	text    func(*Config) *string
	flag    func(*Config) *bool
}

var keys = []key{
	{name: "appliance_addr", example: "appliance.practice.example:50051",
		doc:  "Address of the appliance, host:port. May be left to the token file, which has\nit, and after enrolment to the data folder.",
		text: func(c *Config) *string { return &c.ApplianceAddr }},
	{name: "site_root", example: strings.Repeat("0123456789abcdef", 4),
		doc:  "Pin of the site root: SHA-256 of its public key, 64 hexadecimal digits. In the\ntoken file, too.",
		text: func(c *Config) *string { return &c.SiteRoot }},
	{name: "central_root", example: strings.Repeat("0123456789abcdef", 4),
		doc:  "Fingerprint of Central's root key, 64 hexadecimal digits. In the token file, too.",
		text: func(c *Config) *string { return &c.CentralRoot }},
	{name: "token_file", example: exampleTokenFile,
		doc:  "Enrolment token, made by the appliance. Needed until the agent is enrolled.",
		text: func(c *Config) *string { return &c.TokenFile }},
	{name: "data_dir",
		doc:  "Folder for the key, the queue and the policy. Only administrators may read it.",
		text: func(c *Config) *string { return &c.DataDir }},
	{name: "root_dir",
		doc:  "Folder that checks of files take for the root of the system, for example the\nmount point of an image. Leave it unless you inspect another system.",
		text: func(c *Config) *string { return &c.RootDir }},
	{name: "log_format",
		doc:  "Form of the log lines: text or json.",
		text: func(c *Config) *string { return &c.LogFormat }},
	{name: "log_level",
		doc:  "Least level that is logged: debug, info, warn or error.",
		text: func(c *Config) *string { return &c.LogLevel }},
	{name: "server_name", example: "appliance.s_aaaaaaaaaaaaaaaaaaaaaaaaaa.osiris.internal",
		doc:  "Name that the appliance's certificate must have, when it differs from the one\nthat was learnt at enrolment.",
		text: func(c *Config) *string { return &c.ServerName }},
	{name: "check_now",
		doc:  "yes: run every check at once when the agent starts, rather than spread over\ntime.",
		flag: func(c *Config) *bool { return &c.CheckNow }},
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

func (k *key) set(c *Config, value string) error {
	if k.text != nil {
		*k.text(c) = value
		return nil
	}
	switch value {
	case "yes", "true":
		*k.flag(c) = true
	case "no", "false":
		*k.flag(c) = false
	default:
		return errors.New("is yes or no")
	}
	return nil
}

func (k *key) get(c *Config) string {
	switch {
	case k.text != nil:
		return *k.text(c)
	case *k.flag(c):
		return "yes"
	default:
		return "no"
	}
}

// Sample is a commented configuration file with the defaults of this system.
func Sample() string {
	c := Default()
	var b strings.Builder
	b.WriteString("# Configuration of the Osiris agent: key = value. Every key can be left out and\n# can be set by the environment variable " + envPrefix + "<KEY>.\n")
	for i := range keys {
		k := &keys[i]
		b.WriteString("\n# " + strings.ReplaceAll(k.doc, "\n", "\n# ") + "\n")
		if value := k.get(&c); value != "" {
			b.WriteString(k.name + " = " + value + "\n")
		} else {
			b.WriteString("#" + k.name + " = " + k.example + "\n")
		}
	}
	return b.String()
}
