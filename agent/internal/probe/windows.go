package probe

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/osiriscare/osiris/agent/internal/winapi"
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
	// query asks WMI. The cells are in the order of the query's properties. A
	// missing namespace, class or property is a winapi.Code.
	query(ctx context.Context, q *query) ([]winapi.Row, error)
	// method calls a method of an object with an argument, "Name=value" or none, and
	// gives ReturnValue and the result.
	method(ctx context.Context, namespace, object, method, argument, result string) (winapi.Row, error)
	// api calls one function of the list in windowssystem_windows.go and gives a
	// row's text each. What does not exist is winapi.ErrNotExist.
	api(ctx context.Context, function, argument string) ([]string, error)
	// drives lists the letters in use, the system's own first.
	drives(ctx context.Context) ([]drive, error)
}

// query is one WMI query. context is empty or the provider's "Name=value".
type query struct {
	namespace, class, where, context string

	properties []string
}

// text is the query in WQL.
func (q *query) text() string {
	wql := "SELECT " + strings.Join(q.properties, ",") + " FROM " + q.class
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
	clock    Clock // as in Probe
	volumes  marks

	mu   sync.Mutex
	host check.Facts // role and edition, read once
	kept *kept

	known identities
}

// aboutHost gives what kind of Windows this is. It does not change while the
// process lives, but for the build's revision.
func (m *machine) aboutHost(ctx context.Context) (check.Facts, error) {
	m.mu.Lock()
	var err error
	host := m.host
	if host == nil {
		host, err = m.read(ctx, hostSources)
		m.host = host
	}
	m.mu.Unlock()
	return host, err
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
