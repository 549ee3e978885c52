package probe

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/osiriscare/osiris/agent/internal/winapi"
)

// A search for updates takes seconds to many minutes and needs Microsoft's
// server or the site's own, so it runs beside the readers and its answer is kept.
const (
	// searchFresh is how long an answer serves before another search; Windows
	// itself searches about once a day.
	searchFresh = 12 * time.Hour
	// searchStale is the age at which an answer says nothing any more.
	searchStale = 3 * 24 * time.Hour
	// searchLimit bounds one search.
	searchLimit = 30 * time.Minute
	// searchWait is what a reader waits, so that a quick search answers at once.
	searchWait = 2 * time.Second
	searchStep = 100 * time.Millisecond
	// searchRetry is the pause after a search that failed.
	searchRetry = time.Hour
)

const errSearching winapi.Sentinel = "the search for updates has not finished"

// updateSearch keeps the last answer of Windows Update.
type updateSearch struct {
	search func(ctx context.Context) ([]string, error)

	mu      sync.Mutex
	running bool
	next    time.Time // when another search may start
	rows    []string  // of the last search that succeeded
	read    time.Time // when that was
	err     error     // of the last search; nil before the first has ended
}

// answer gives the last answer, if it is not stale, and starts another search if
// it is time.
func (u *updateSearch) answer(ctx context.Context) ([]string, error) {
	rows, err := u.last() //nolint:contextcheck // the search outlives its reader
	for waited := time.Duration(0); errors.Is(err, errSearching) && waited < searchWait && ctx.Err() == nil; waited += searchStep {
		time.Sleep(searchStep)
		rows, err = u.last() //nolint:contextcheck // the same
	}
	return rows, err
}

func (u *updateSearch) last() ([]string, error) {
	u.mu.Lock()
	now := time.Now()
	if !u.running && now.After(u.next) {
		u.running = true
		go u.run()
	}
	rows, err := u.rows, error(nil)
	if rows == nil || now.Sub(u.read) >= searchStale {
		if rows, err = nil, u.err; err == nil || u.running {
			err = errSearching
		}
	}
	u.mu.Unlock()
	return rows, err
}

// run is one search. It ends by itself: the search is given up at its limit.
func (u *updateSearch) run() {
	ctx, cancel := context.WithTimeout(context.Background(), searchLimit)
	rows, err := u.search(ctx)
	cancel()
	u.mu.Lock()
	now := time.Now()
	u.running, u.err, u.next = false, err, now.Add(searchRetry)
	if err == nil {
		u.read, u.next = now, now.Add(searchFresh)
		u.rows = append([]string{"Searched=" + now.UTC().Format(time.DateOnly)}, rows...)
	}
	u.mu.Unlock()
}
