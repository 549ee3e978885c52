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
	var params []winapi.Param
	if name, value, found := strings.Cut(argument, "="); found {
		params = []winapi.Param{{Name: name, Text: value}}
	}
	return winapi.Exec(ctx, namespace, object, method, params, []string{"ReturnValue", result})
}

func (s *windowsSystem) api(ctx context.Context, function, argument string) ([]string, error) {
	switch function {
	case "QueryService":
		return service(argument)
	case "Account501":
		return guestAccount()
	case "MachineSID":
		text, err := winapi.MachineSID()
		return []string{text}, err
	case "ComputerObject":
		return []string{nameOf(winapi.Secur32, "GetComputerObjectNameW", 6)}, nil // NameUniqueId
	case "PendingUpdates":
		return s.updates.answer(ctx)
	case "PasswordModals", "LockoutModals":
		return rules(function)
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
	return []string{"Name=" + name + fields("State,Start,Delayed,Trigger", s.State, s.Start, bit(s.Delayed), bit(s.Trigger))}, nil
}

// fields writes numbers behind their names, which stand between commas.
func fields(names string, values ...uint32) string {
	out := ""
	for _, v := range values {
		var name string
		name, names, _ = strings.Cut(names, ",")
		out += ";" + name + "=" + strconv.FormatUint(uint64(v), 10)
	}
	return out
}

// bit is 1 for true.
func bit(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}
