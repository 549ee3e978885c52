package probe

import (
	"context"
	"net"
	"strconv"
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

// Clock compares this clock with the appliance's, which the session's welcome
// tells: behind is what would have to be added to this one, known is false when
// nothing recent was told. *link.Link is one.
type Clock interface {
	Behind() (ms int64, known bool)
}

// addOffset adds what the appliance's clock says, and whether it says anything.
// It goes before every time server: it came by mutual TLS, and no packet of
// SNTP is signed.
func addOffset(facts *check.Facts, fact string, c Clock) bool {
	if c == nil {
		return false
	}
	ms, known := c.Behind()
	if known {
		facts.Add(fact, "Server=the appliance;Ms="+strconv.FormatInt(ms, 10))
	}
	return known
}

// readOffset asks the appliance and those that Windows follows.
func (m *machine) readOffset(ctx context.Context, facts *check.Facts, field *[maxFields]string) error {
	if addOffset(facts, field[1], m.clock) {
		return nil
	}
	return askFirst(ctx, facts, field[1], timeServers(*facts), func(ctx context.Context, server string) (string, error) {
		rows, err := m.provider.api(ctx, "SNTP", server)
		if err != nil {
			return "", err
		}
		return rows[0], nil
	})
}

// askFirst adds what the first server says that answers.
func askFirst(ctx context.Context, facts *check.Facts, fact string, servers []string,
	ask func(ctx context.Context, server string) (string, error),
) error {
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
				servers = push(servers, net.JoinHostPort(name, ntpPort)) // also an address of IPv6
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
