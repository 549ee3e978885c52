package intake

import (
	"sync"

	"github.com/osiriscare/osiris/central/internal/store"
)

// Feed tells live pages that a site has something new. It carries no content:
// who is told reads the store. A listener that is slow is told once.
type Feed struct {
	mu        sync.Mutex
	listeners map[store.SiteID]map[chan struct{}]struct{}
}

// NewFeed makes a feed.
func NewFeed() *Feed { return &Feed{listeners: map[store.SiteID]map[chan struct{}]struct{}{}} }

// Listen returns a channel that is told of news of a site, and how to stop.
func (f *Feed) Listen(site store.SiteID) (news <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listeners[site] == nil {
		f.listeners[site] = map[chan struct{}]struct{}{}
	}
	f.listeners[site][c] = struct{}{}
	return c, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.listeners[site], c)
		if len(f.listeners[site]) == 0 {
			delete(f.listeners, site)
		}
	}
}

// Announce tells the listeners of a site.
func (f *Feed) Announce(site store.SiteID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.listeners[site] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}
