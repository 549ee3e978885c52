package script

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// LookupKDCs finds a realm's KDCs as its DNS names them, best first.
func LookupKDCs(ctx context.Context, realm string) ([]string, error) {
	_, records, err := net.DefaultResolver.LookupSRV(ctx, "kerberos", "tcp", strings.ToLower(realm))
	if err != nil {
		return nil, fmt.Errorf("looking up the KDCs of %s: %w", realm, err)
	}
	out := make([]string, 0, len(records))
	for _, r := range records {
		out = append(out, net.JoinHostPort(strings.TrimSuffix(r.Target, "."), strconv.Itoa(int(r.Port))))
	}
	return out, nil
}
