package probe

import (
	"context"
	"strconv"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/winapi"
)

// windowsSystem is the running Windows.
type windowsSystem struct{ updates updateSearch }

func (*windowsSystem) value(key, name string) (string, error) {
	v, err := winapi.RegRead(key, name)
	return v.Text, err
}

func (*windowsSystem) keys(key string) ([]string, error) { return winapi.RegKeys(key) }

func (*windowsSystem) query(ctx context.Context, q *query) ([]winapi.Row, error) {
	var options []winapi.Option
	if name, value, ok := strings.Cut(q.context, "="); ok {
		options = append(options, winapi.ProviderContext(name, value))
	}
	return winapi.Query(ctx, q.namespace, q.text(), q.properties, options...)
}

func (*windowsSystem) method(ctx context.Context, namespace, object, method, argument, result string) (winapi.Row, error) {
	name, value, _ := strings.Cut(argument, "=")
	return winapi.Exec(ctx, namespace, object, method, []winapi.Param{{Name: name, Text: value}}, []string{"ReturnValue", result})
}

func (s *windowsSystem) api(ctx context.Context, function, argument string) ([]string, error) {
	switch function {
	case "QueryService":
		return service(argument)
	case "Account501":
		return guestAccount()
	case "PendingUpdates":
		return s.updates.answer(ctx)
	case "PasswordModals":
		return passwordRules()
	case "LockoutModals":
		return lockoutRules()
	case "AuditSystem":
		return auditSettings()
	case "SNTP":
		row, err := askTime(ctx, argument)
		return []string{row}, err
	}
	return nil, winapi.Missing
}

func service(name string) ([]string, error) {
	s, err := winapi.QueryService(name)
	if err != nil {
		return nil, err
	}
	return []string{"Name=" + name + ";State=" + number(s.State) + ";Start=" + number(s.Start) +
		";Delayed=" + digit(s.Delayed) + ";Trigger=" + digit(s.Trigger)}, nil
}

func number(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// digit is 1 for true.
func digit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
