//go:build osiris_modernc || !(windows || linux || darwin)

package discover

import (
	"context"
	"net"
	"strings"
)

func lookup(domain string) ([]record, error) {
	_, list, err := net.DefaultResolver.LookupSRV(context.Background(), "", "", domain)
	if err != nil {
		return nil, err
	}
	var records []record
	for _, r := range list {
		if host := strings.TrimSuffix(r.Target, "."); host != "" {
			records = append(records, record{r.Priority, r.Weight, r.Port, host})
		}
	}
	if len(records) == 0 {
		return nil, ErrNone
	}
	return records, nil
}
