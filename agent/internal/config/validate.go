package config

import (
	"errors"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/say"
)

// Validate checks the values and names all that are wrong.
func (c *Config) Validate() error {
	var problems []error
	for i := range keys {
		name := keys[i].name
		text := c.field(name)
		if text == nil || *text == "" && keys[i].example != "" {
			continue // without a default, a key may be empty
		}
		if problem := check(name, *text); problem != "" {
			problems = append(problems, errors.New(name+" "+problem+", not "+strconv.Quote(*text)))
		}
	}
	return errors.Join(problems...)
}

// check answers what a value must be when it is not.
func check(name, value string) string {
	switch name {
	case "appliance_addr", "fallback_addr":
		return checkAddr(value)
	case "site_root", "central_root":
		return checkHex(value)
	case "token_file", "data_dir", "root_dir":
		return checkPath(value)
	case "log_format":
		if value != "text" && value != "json" {
			return "is text or json"
		}
	case "log_level":
		if _, ok := say.ParseLevel(value); !ok {
			return "is debug, info, warn or error"
		}
	case "server_name":
		return checkHost(value)
	case "token":
		return checkToken(value)
	}
	return ""
}

// checkAddr takes host:port, [IPv6]:port, and the name of a DNS record of type
// SRV, which begins with _.
func checkAddr(v string) string {
	const rule = "is host:port"
	if strings.HasPrefix(v, "_") && checkHost(v) == "" {
		return ""
	}
	colon := strings.LastIndexByte(v, ':')
	if colon < 1 {
		return rule
	}
	host, port := v[:colon], v[colon+1:]
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != port {
		return rule + " with a port from 1 to 65535"
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		if !ok || !strings.Contains(inner, ":") || strings.Trim(inner, "0123456789abcdefABCDEF:.%") != "" && !strings.Contains(inner, "%") {
			return rule
		}
		return ""
	}
	if checkHost(host) != "" {
		return rule
	}
	return ""
}

func checkHost(v string) string {
	ok := len(v) <= 253
	for i := range len(v) {
		c := v[i]
		ok = ok && (c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_')
	}
	if !ok || v[0] == '.' || v[0] == '-' {
		return "is a host name"
	}
	return ""
}

func checkHex(v string) string {
	ok := len(v) == 64
	for i := range len(v) {
		ok = ok && (v[i] >= '0' && v[i] <= '9' || v[i] >= 'a' && v[i] <= 'f')
	}
	if !ok {
		return "is 64 lower-case hexadecimal digits"
	}
	return ""
}

func checkPath(v string) string {
	if !filepath.IsAbs(v) {
		return "is a full path"
	}
	return ""
}
