package probe

import (
	"context"
	"sync"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// registry is what readers need of the Windows registry, always its 64-bit view.
// A missing key or value is winapi.ErrNotExist.
type registry interface {
	// value is a value's text: decimal, the string, or lines.
	value(key, name string) (string, error)
	// keys are the names of a key's sub-keys.
	keys(key string) ([]string, error)
}

// provider is what readers need of everything that answers with rows.
type provider interface {
	// query asks WMI. Each row has the properties that are not NULL, in the order
	// of the query. A missing namespace, class or property is a winapi.Code.
	query(ctx context.Context, q *query) ([]check.Facts, error)
	// method calls one method without arguments of the object and gives one of
	// its results; ok is false when the method itself said no.
	method(ctx context.Context, namespace, object, method, result string) (text string, ok bool, err error)
	// api calls one function of the list in windowssystem_windows.go. What does not
	// exist is winapi.ErrNotExist.
	api(ctx context.Context, function, argument string) ([]check.Facts, error)
}

// query is one WMI query. context is empty or the provider's "Name=value".
type query struct {
	namespace, class, where, context string

	properties []string
}

// text is the query in WQL.
func (q *query) text() string {
	wql := "SELECT "
	for i, p := range q.properties {
		if i > 0 {
			wql += ","
		}
		wql += p
	}
	wql += " FROM " + q.class
	if q.where != "" {
		wql += " WHERE " + q.where
	}
	return wql
}

// machine reads one Windows.
type machine struct {
	registry registry
	provider provider
	now      func() time.Time

	mu   sync.Mutex
	host check.Facts // role and edition, read once
}

// aboutHost gives what kind of Windows this is. It does not change while the
// process lives, but for the build's revision.
func (m *machine) aboutHost(ctx context.Context) (check.Facts, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.host == nil {
		facts, err := m.read(ctx, hostSources)
		if err != nil {
			return nil, err
		}
		m.host = facts
	}
	return m.host, nil
}

// windowsSources gives the sources of a check; empty if Windows has none.
func windowsSources(id check.ID) string {
	for i := range windowsTable {
		if windowsTable[i].id == id {
			return windowsTable[i].sources
		}
	}
	return ""
}
