package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/go-ole/go-ole"
	"github.com/yusufpapurcu/wmi"

	"github.com/osiriscare/osiris/agent/internal/winapi"
)

// wmiLibrary asks WMI through IDispatch, as most programs in Go do; the agent
// goes through vtables.
type wmiLibrary struct{}

// libraryLimit is how long the library is waited for: it has no limit itself.
const libraryLimit = 2 * time.Minute

func (wmiLibrary) ask(ctx context.Context, q *query, types []string) ([]winapi.Row, error) {
	fields := make([]reflect.StructField, len(types))
	for i, property := range q.properties {
		kind, err := goType(types[i])
		if err != nil {
			return nil, err
		}
		// Exported, or the library passes over it; names in IDispatch have no case.
		fields[i] = reflect.StructField{Name: upper(property), Type: reflect.PointerTo(kind)}
	}
	list := reflect.New(reflect.SliceOf(reflect.StructOf(fields)))
	answered := make(chan error, 1)
	go func() {
		client := &wmi.Client{PtrNil: true}
		answered <- client.Query(q.text(), list.Interface(), nil, q.namespace)
	}()
	select {
	case err := <-answered:
		var dispatch *ole.OleError
		if errors.As(err, &dispatch) {
			return nil, winapi.Code(dispatch.Code())
		}
		if err != nil {
			return nil, fmt.Errorf("asking the wmi library for %s: %w", q.place(), err)
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(libraryLimit):
		return nil, errors.New("the wmi library does not answer")
	}
	rows := make([]winapi.Row, list.Elem().Len())
	for i := range rows {
		item := list.Elem().Index(i)
		for j := range types {
			rows[i] = append(rows[i], libraryCell(item.Field(j)))
		}
	}
	return rows, nil
}

func goType(cim string) (reflect.Type, error) {
	switch cim {
	case "string":
		return reflect.TypeFor[string](), nil
	case "boolean":
		return reflect.TypeFor[bool](), nil
	case "uint8", "uint16", "uint32":
		// IDispatch has no unsigned numbers: a large one comes negative, and storing
		// it here makes it right again.
		return reflect.TypeFor[uint32](), nil
	case "uint64":
		return reflect.TypeFor[uint64](), nil
	case "sint8", "sint16", "sint32", "sint64":
		return reflect.TypeFor[int64](), nil
	case "datetime":
		return reflect.TypeFor[time.Time](), nil
	}
	return nil, fmt.Errorf("the wmi library has no type for %q", cim)
}

func upper(property string) string {
	if c := property[0]; c >= 'a' && c <= 'z' {
		return string(c-'a'+'A') + property[1:]
	}
	return property
}

func libraryCell(v reflect.Value) winapi.Cell {
	if v.IsNil() {
		return winapi.Cell{Null: true}
	}
	switch x := v.Elem().Interface().(type) {
	case string:
		return winapi.Cell{Text: x}
	case bool:
		return winapi.Cell{Text: strconv.FormatBool(x)}
	case time.Time:
		return winapi.Cell{Text: x.UTC().Format(time.RFC3339)}
	default:
		return winapi.Cell{Text: fmt.Sprint(x)}
	}
}
