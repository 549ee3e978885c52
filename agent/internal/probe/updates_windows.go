package probe

import (
	"context"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/shared/check"
)

// pendingUpdates gives a row for each update. Titles are in the language of
// Windows and stay out.
func pendingUpdates(ctx context.Context) ([]string, error) {
	updates, err := winapi.PendingUpdates(ctx)
	if err != nil {
		return nil, err
	}
	var rows []string
	for i := range updates {
		u := &updates[i]
		name, id := "KB", strings.Join(u.KB, " ")
		if id == "" {
			name, id = "ID", u.ID
		}
		row := check.AppendField("", name, id) + fields("Security,Downloaded", bit(u.Security), bit(u.Downloaded)) + ";Published=" + u.Published
		rows = push(rows, check.AppendField(row, "Severity", u.Severity))
	}
	return rows, nil
}

// guestAccount gives the row of the account with RID 501.
func guestAccount() ([]string, error) {
	name, disabled, err := winapi.Account501()
	return []string{check.AppendField("", "Name", name) + fields("Disabled", bit(disabled))}, err
}
