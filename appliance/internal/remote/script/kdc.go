package script

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// LookupKDCs finds a realm's KDCs as its DNS names them, best first. Those outside
// of the realm's domain are not asked: a proof of the password goes to them.
func LookupKDCs(ctx context.Context, realm string) ([]string, error) {
	_, records, err := net.DefaultResolver.LookupSRV(ctx, "kerberos", "tcp", strings.ToLower(realm))
	if err != nil {
		return nil, fmt.Errorf("looking up the KDCs of %s: %w", realm, err)
	}
	out := inside(realm, records)
	if len(out) == 0 {
		return nil, fmt.Errorf("looking up the KDCs of %s: its records name none inside of it", realm)
	}
	return out, nil
}

func inside(realm string, records []*net.SRV) (out []string) {
	for _, r := range records {
		name := strings.ToLower(strings.TrimSuffix(r.Target, "."))
		if strings.HasSuffix(name, "."+strings.ToLower(realm)) {
			out = append(out, net.JoinHostPort(name, strconv.Itoa(int(r.Port))))
		}
	}
	return out
}
