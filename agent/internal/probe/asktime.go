//go:build windows || darwin

package probe

import (
	"context"
	"strconv"

	"github.com/osiriscare/osiris/agent/internal/sntp"
)

// askTime asks a time server and gives the row of check.FactClockOffset.
func askTime(ctx context.Context, server string) (string, error) {
	r, err := sntp.Query(ctx, server)
	if err != nil {
		return "", err
	}
	return "Server=" + server + ";Ms=" + strconv.FormatInt(r.Offset.Milliseconds(), 10) +
		";Stratum=" + strconv.Itoa(int(r.Stratum)), nil
}
