package config

import (
	"errors"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/say"
)

// Validate checks the values and names all that are wrong.
func (c Config) Validate() error {
	var problems []error
	check := func(name, value, problem string) {
		if problem != "" {
			problems = append(problems, errors.New(name+" "+problem+", not "+strconv.Quote(value)))
		}
	}
	optional := func(name, value string, rule func(string) string) {
		if value != "" {
			check(name, value, rule(value))
		}
	}
	optional("appliance_addr", c.ApplianceAddr, checkAddr)
	optional("site_root", c.SiteRoot, checkHex)
	optional("central_root", c.CentralRoot, checkHex)
	optional("token_file", c.TokenFile, checkPath)
	check("data_dir", c.DataDir, checkPath(c.DataDir))
	check("root_dir", c.RootDir, checkPath(c.RootDir))
	if c.LogFormat != "text" && c.LogFormat != "json" {
		check("log_format", c.LogFormat, "is text or json")
	}
	if _, ok := say.ParseLevel(c.LogLevel); !ok {
		check("log_level", c.LogLevel, "is debug, info, warn or error")
	}
	optional("server_name", c.ServerName, checkHost)
	return errors.Join(problems...)
}

// checkAddr takes host:port and [IPv6]:port.
func checkAddr(v string) string {
	const rule = "is host:port"
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
