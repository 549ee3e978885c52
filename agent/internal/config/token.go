package config

import (
	"errors"
	"fmt"
	"slices"
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
// wrote. All keys must be there but appliance_addr, which the practice's DNS may
// know.
func LoadToken(path string) (*Token, error) {
	pairs, err := parseFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading enrolment token: %w", err)
	}
	t, err := readToken(pairs)
	if err != nil {
		return nil, fmt.Errorf("reading enrolment token %s: %w", path, err)
	}
	return t, nil
}

func readToken(pairs []Pair) (*Token, error) {
	names := []string{"appliance_addr", "site_root", "central_root", "token"}
	values := make([]string, len(names))
	for _, p := range pairs {
		i := slices.Index(names, p.Key)
		if i < 0 {
			return nil, lineError(p.Line, unknownKey(p.Key, names))
		}
		// The value stays out of the message: it may be the token.
		if problem := check(p.Key, p.Value); problem != "" {
			return nil, lineError(p.Line, p.Key+" "+problem)
		}
		values[i] = p.Value
	}
	if i := slices.Index(values[1:], ""); i >= 0 {
		return nil, errors.New(names[1+i] + " is missing")
	}
	return &Token{ApplianceAddr: values[0], SiteRoot: values[1], CentralRoot: values[2], Token: say.NewSecret(values[3])}, nil
}

func checkToken(v string) string {
	if rest, ok := strings.CutPrefix(v, tokenPrefix); !ok || checkHex(rest) != "" {
		return "is not " + tokenPrefix + " and 64 lower-case hexadecimal digits"
	}
	return ""
}
