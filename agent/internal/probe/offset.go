package probe

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/sntp"
	"github.com/osiriscare/osiris/shared/check"
)

// ntpPort is what a time server listens on.
const ntpPort = ":123"

// askLimit bounds the servers of one reading: each may take two seconds.
const askLimit = 3

// errNoServer is the reason why nothing shows whether the clock is right.
var errNoServer = errors.New("no time server is known")

// askTime asks a time server and gives the row of check.FactClockOffset.
func askTime(ctx context.Context, server string) (string, error) {
	r, err := sntp.Query(ctx, server)
	if err != nil {
		return "", err
	}
	return "Server=" + server + ";Ms=" + strconv.FormatInt(r.Offset.Milliseconds(), 10) +
		";Stratum=" + strconv.Itoa(int(r.Stratum)), nil
}

// readOffset asks the servers that Windows follows, until one answers.
func (m *machine) readOffset(ctx context.Context, facts *check.Facts, field *[maxFields]string) error {
	servers := timeServers(*facts)
	if m.timeServer != "" {
		servers = append([]string{m.timeServer}, servers...)
	}
	err := errNoServer
	for i, server := range servers {
		if i == askLimit || ctx.Err() != nil {
			break
		}
		var rows []string
		if rows, err = m.provider.api(ctx, "SNTP", server); err == nil {
			facts.Add(field[1], rows[0])
			return nil
		}
	}
	return err
}

// timeServers are those that Windows Time follows, as the facts of time_sync have
// them; the policy's stand behind the local ones. A domain's own name has the
// addresses of its controllers; a controller would ask itself.
func timeServers(facts check.Facts) (servers []string) {
	var kind, list, domain, member string
	for i := range facts {
		switch text := facts[i].Value; facts[i].Name {
		case check.FactTimeType, check.FactTimeTypePolicy:
			kind = text
		case check.FactTimeServer, check.FactTimeServerPolicy:
			list = text
		case check.FactTimeDomain:
			domain = text
		case check.FactDomainRole:
			member = text
		}
	}
	if kind != "NTP" && domain != "" && (member == "1" || member == "3") {
		servers = append(servers, domain+ntpPort)
	}
	if kind == "NTP" || kind == "AllSync" {
		for _, entry := range strings.Fields(list) {
			name, _, _ := strings.Cut(entry, ",") // flags
			servers = append(servers, name+ntpPort)
		}
	}
	return servers
}
