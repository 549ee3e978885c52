package probe

import (
	"context"
	"strconv"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/shared/check"
)

// windowsSystem is the running Windows.
type windowsSystem struct{}

func (windowsSystem) value(key, name string) (string, error) {
	v, err := winapi.RegRead(key, name)
	return v.Text, err
}

func (windowsSystem) keys(key string) ([]string, error) { return winapi.RegKeys(key) }

func (windowsSystem) query(ctx context.Context, q *query) ([]check.Facts, error) {
	var options []winapi.Option
	if name, value, ok := strings.Cut(q.context, "="); ok {
		options = append(options, winapi.ProviderContext(name, value))
	}
	answer, err := winapi.Query(ctx, q.namespace, q.text(), q.properties, options...)
	if err != nil {
		return nil, err
	}
	var rows []check.Facts
	for _, cells := range answer {
		var row check.Facts
		for i := range cells {
			if !cells[i].Null {
				row.Add(q.properties[i], cells[i].Text)
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (windowsSystem) method(ctx context.Context, namespace, object, method, result string) (string, bool, error) {
	cells, err := winapi.Exec(ctx, namespace, object, method, nil, []string{"ReturnValue", result})
	if err != nil {
		return "", false, err
	}
	return cells[1].Text, cells[0].Text == "0" && !cells[1].Null, nil
}

func (windowsSystem) api(_ context.Context, function, argument string) ([]check.Facts, error) {
	switch function {
	case "QueryService":
		return service(argument)
	}
	return nil, winapi.Missing
}

func service(name string) ([]check.Facts, error) {
	s, err := winapi.QueryService(name)
	if err != nil {
		return nil, err
	}
	return []check.Facts{{
		{Name: "Name", Value: name},
		{Name: "State", Value: strconv.FormatUint(uint64(s.State), 10)},
		{Name: "Start", Value: strconv.FormatUint(uint64(s.Start), 10)},
		{Name: "Delayed", Value: digit(s.Delayed)},
		{Name: "Trigger", Value: digit(s.Trigger)},
	}}, nil
}

// digit is 1 for true.
func digit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
