package config

import (
	"fmt"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/say"
)

// tokenPrefix and 64 hexadecimal digits make a token.
const tokenPrefix = "osiris-at1-"

// Token is the content of an enrolment token file.
type Token struct {
	ApplianceAddr string
	SiteRoot      string
	CentralRoot   string
	Token         say.Secret
}

// LoadToken reads and validates the file that `osiris-appliance token new`
// wrote. All four keys must be there.
func LoadToken(path string) (Token, error) {
	pairs, err := parseFile(path)
	if err != nil {
		return Token{}, fmt.Errorf("reading enrolment token: %w", err)
	}
	t, err := readToken(pairs)
	if err != nil {
		return Token{}, fmt.Errorf("reading enrolment token %s: %w", path, err)
	}
	return t, nil
}

func readToken(pairs []Pair) (Token, error) {
	var t Token
	var secret string
	fields := []struct {
		name  string
		value *string
		check func(string) string
	}{
		{"appliance_addr", &t.ApplianceAddr, checkAddr},
		{"site_root", &t.SiteRoot, checkHex},
		{"central_root", &t.CentralRoot, checkHex},
		{"token", &secret, checkToken},
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
next:
	for _, p := range pairs {
		for _, f := range fields {
			if f.name != p.Key {
				continue
			}
			if problem := f.check(p.Value); problem != "" {
				return Token{}, lineError(p.Line, p.Key+" "+problem)
			}
			*f.value = p.Value
			continue next
		}
		return Token{}, lineError(p.Line, unknownKey(p.Key, names))
	}
	for _, f := range fields {
		if *f.value == "" {
			return Token{}, fmt.Errorf("%s is missing", f.name)
		}
	}
	t.Token = say.NewSecret(secret)
	return t, nil
}

func checkToken(v string) string {
	if rest, ok := strings.CutPrefix(v, tokenPrefix); !ok || checkHex(rest) != "" {
		return "is not " + tokenPrefix + " and 64 lower-case hexadecimal digits"
	}
	return ""
}
