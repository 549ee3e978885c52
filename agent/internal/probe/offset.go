package probe

import (
	"context"
	"net"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/shared/check"
)

// ntpPort is what a time server listens on.
const ntpPort = "123"

// askLimit bounds the servers of one reading: each may take two seconds.
const askLimit = 3

// errNoServer is the reason why nothing shows whether the clock is right.
const errNoServer winapi.Sentinel = "no time server is known"

// readOffset asks the appliance and those that Windows follows.
func (m *machine) readOffset(ctx context.Context, facts *check.Facts, field *[maxFields]string) error {
	servers := timeServers(*facts)
	return askFirst(ctx, facts, field[1], m.appliance, servers, func(ctx context.Context, server string) (string, error) {
		rows, err := m.provider.api(ctx, "SNTP", server)
		if err != nil {
			return "", err
		}
		return rows[0], nil
	})
}

// askFirst adds what the first server says that answers, the appliance's host
// before the others.
func askFirst(ctx context.Context, facts *check.Facts, fact, appliance string, servers []string,
	ask func(ctx context.Context, server string) (string, error),
) error {
	if host, _, err := net.SplitHostPort(appliance); err == nil {
		servers = append([]string{net.JoinHostPort(host, ntpPort)}, servers...)
	}
	err := error(errNoServer)
	for i, server := range servers {
		if i == askLimit || ctx.Err() != nil {
			break
		}
		var row string
		if row, err = ask(ctx, server); err == nil {
			facts.Add(fact, row)
			return nil
		}
	}
	return err
}

// timeServers are those that Windows Time follows, as the facts of time_sync have
// them. A domain's own name has the addresses of its controllers; a controller
// would ask itself.
func timeServers(facts check.Facts) (servers []string) {
	kind := either(facts, check.FactTimeTypePolicy, check.FactTimeType)
	domain := either(facts, check.FactTimeDomain, "")
	role := either(facts, check.FactDomainRole, "")
	if kind != "NTP" && domain != "" && (role == "1" || role == "3") {
		servers = push(servers, domain+":"+ntpPort)
	}
	if kind == "NTP" || kind == "AllSync" {
		for list := either(facts, check.FactTimeServerPolicy, check.FactTimeServer); list != ""; {
			var entry string
			entry, list, _ = strings.Cut(list, " ")
			if name, _, _ := strings.Cut(entry, ","); name != "" { // flags follow
				servers = push(servers, name+":"+ntpPort)
			}
		}
	}
	return servers
}

// either is a fact's value, or else the other's.
func either(facts check.Facts, a, b string) string {
	text, ok := facts.Get(a)
	if !ok {
		text, _ = facts.Get(b)
	}
	return text
}
