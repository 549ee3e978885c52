package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/osiriscare/osiris/central/internal/auth"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Times of a live page.
const (
	livePause = 500 * time.Millisecond // between two updates: a person reads no faster
	liveBeat  = 15 * time.Second       // keeps proxies from closing it, and looks at the session and at liveness
)

// live sends parts of a site's page whenever the site has news.
func (w *Web) live(rw http.ResponseWriter, r *http.Request) error {
	news, stop := w.feed.Listen(store.SiteID(r.PathValue("site")))
	defer stop()
	control := http.NewResponseController(rw)
	// The listener's limits are for requests that end.
	if err := errors.Join(control.SetReadDeadline(time.Time{}), control.SetWriteDeadline(time.Time{})); err != nil {
		return fmt.Errorf("opening live page: %w", err)
	}
	rw.Header().Set("Content-Type", "text/event-stream")
	rw.Header().Set("X-Accel-Buffering", "no") // nginx would collect the parts
	beat := time.NewTicker(liveBeat)
	defer beat.Stop()
	for {
		if err := w.parts(r, rw); err != nil {
			return quiet(r.Context(), err)
		}
		if err := control.Flush(); err != nil {
			return quiet(r.Context(), err)
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-w.closing:
			return nil
		case <-time.After(livePause):
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-w.closing:
			return nil
		case <-news:
		case <-beat.C:
			if signedOut, err := w.signedOut(r); signedOut || err != nil {
				return quiet(r.Context(), err)
			}
		}
	}
}

// signedOut reports whether the session has ended since the page was opened.
func (w *Web) signedOut(r *http.Request) (bool, error) {
	_, err := w.auth.Session(r.Context(), sessionOf(r))
	ended := errors.Is(err, auth.ErrDenied)
	if ended {
		err = nil
	}
	return ended, err
}

// quiet drops errors of a reader who went away.
func quiet(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}

// parts writes the parts of the page that change, each as an event: the
// element's id and its content.
func (w *Web) parts(r *http.Request, rw http.ResponseWriter) error {
	v, err := w.siteView(r)
	if err != nil {
		return err
	}
	for _, p := range []struct {
		id      string
		content templ.Component
	}{
		{"summary", siteSummary(v)},
		{"todo", todo(v.Site.GetSiteId(), v.Incidents, v.Names)},
		{"hosts", hostTable(v)},
		{"events", events(v.Site.GetSiteId(), v.Events, v.Names)},
	} {
		var b bytes.Buffer
		if err := p.content.Render(r.Context(), &b); err != nil {
			return err
		}
		event := "event: part\ndata: " + p.id + "\ndata: " + strings.ReplaceAll(b.String(), "\n", "\ndata: ") + "\n\n"
		if _, err := rw.Write([]byte(event)); err != nil {
			return err
		}
	}
	return nil
}
