package web

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/bundle"

	"github.com/osiriscare/osiris/central/internal/fleet"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Rows of parts of pages.
const (
	hostRows     = 200
	eventRows    = 12
	evidenceRows = 50
	todoRows     = 50
)

func pageOf(r *http.Request, size uint32) fleet.Page {
	return fleet.Page{Token: r.URL.Query().Get("page"), Size: size}
}

func (w *Web) clients(rw http.ResponseWriter, r *http.Request) error {
	list, next, err := w.fleet.Clients(r.Context(), pageOf(r, 0))
	if err != nil {
		return err
	}
	return w.show(rw, r, "Practices", nil, clientsPage(list, next))
}

func (w *Web) client(rw http.ResponseWriter, r *http.Request) error {
	c, err := w.fleet.Client(r.Context(), store.ClientID(r.PathValue("client")))
	if err != nil {
		return err
	}
	list, next, err := w.fleet.Sites(r.Context(), store.ClientID(c.GetClientId()), pageOf(r, 0))
	if err != nil {
		return err
	}
	return w.show(rw, r, c.GetName(), []crumb{{"Practices", "/"}}, clientPage(c, list, next))
}

// siteView gathers a site's page.
func (w *Web) siteView(r *http.Request) (v siteView, err error) {
	id, ctx := store.SiteID(r.PathValue("site")), r.Context()
	if v.Site, err = w.fleet.Site(ctx, id); err != nil {
		return v, err
	}
	if v.Hosts, v.Next, err = w.fleet.Hosts(ctx, id, pageOf(r, hostRows)); err != nil {
		return v, err
	}
	v.Names = namesOf(v.Hosts)
	if v.Next == "" {
		// On a single page those that need somebody come first.
		slices.SortStableFunc(v.Hosts, func(a, b *centralv1.Host) int {
			if n := int(b.GetOpenIncidents()) - int(a.GetOpenIncidents()); n != 0 {
				return n
			}
			return strings.Compare(hostName(a), hostName(b))
		})
	}
	if v.Incidents, _, err = w.fleet.Incidents(ctx, id, "", true, fleet.Page{Size: todoRows}); err != nil {
		return v, err
	}
	v.Events, _, err = w.fleet.EvidenceList(ctx, fleet.EvidenceQuery{Site: id}, fleet.Page{Size: eventRows})
	return v, err
}

func (w *Web) site(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.siteView(r)
	if err != nil {
		return err
	}
	crumbs, err := w.crumbs(r, v.Site)
	if err != nil {
		return err
	}
	return w.show(rw, r, v.Site.GetName(), crumbs[:2], sitePage(v))
}

// crumbs is the way from the top to a site, the site included.
func (w *Web) crumbs(r *http.Request, s *centralv1.Site) ([]crumb, error) {
	c, err := w.fleet.Client(r.Context(), store.ClientID(s.GetClientId()))
	return []crumb{
		{"Practices", "/"}, {c.GetName(), "/clients/" + c.GetClientId()}, {s.GetName(), "/sites/" + s.GetSiteId()},
	}, err
}

func (w *Web) host(rw http.ResponseWriter, r *http.Request) (err error) {
	id, ctx := store.SiteID(r.PathValue("site")), r.Context()
	v := hostView{}
	if v.Site, err = w.fleet.Site(ctx, id); err != nil {
		return err
	}
	if v.Host, v.Checks, err = w.fleet.Host(ctx, id, r.PathValue("host")); err != nil {
		return err
	}
	if v.Incidents, _, err = w.fleet.Incidents(ctx, id, v.Host.GetHostId(), true, fleet.Page{Size: todoRows}); err != nil {
		return err
	}
	query := fleet.EvidenceQuery{Site: id, HostID: v.Host.GetHostId()}
	if v.Evidence, v.Next, err = w.fleet.EvidenceList(ctx, query, pageOf(r, evidenceRows)); err != nil {
		return err
	}
	slices.SortStableFunc(v.Checks, func(a, b *centralv1.CheckState) int { return rank(a) - rank(b) })
	crumbs, err := w.crumbs(r, v.Site)
	if err != nil {
		return err
	}
	return w.show(rw, r, hostName(v.Host), crumbs, hostPage(v))
}

// rank puts failures first, then what is not known.
func rank(c *centralv1.CheckState) int {
	switch c.GetStatus() {
	case "fail":
		return 0
	case "unknown":
		return 1
	case "pass":
		return 2
	}
	return 3
}

// evidence shows a piece of evidence; with .zip at its end it is the download.
func (w *Web) evidence(rw http.ResponseWriter, r *http.Request) error {
	id, zipped := strings.CutSuffix(r.PathValue("bundle"), ".zip")
	site, err := w.fleet.Site(r.Context(), store.SiteID(r.PathValue("site")))
	if err != nil {
		return err
	}
	e, content, err := w.fleet.Evidence(r.Context(), store.SiteID(site.GetSiteId()), id, "", 0)
	if err != nil {
		return err
	}
	if zipped {
		return download(rw, e.GetBundleId()+".zip", "application/zip", func() ([]byte, error) { return pack(e.GetBundleId(), content) })
	}
	b, err := bundle.Decode(content[0].GetContent())
	if err != nil {
		return fmt.Errorf("reading bundle %s: %w", id, err)
	}
	crumbs, err := w.crumbs(r, site)
	if err != nil {
		return err
	}
	if b.HostID != "" {
		crumbs = append(crumbs, crumb{b.Hostname, "/sites/" + site.GetSiteId() + "/hosts/" + b.HostID})
	}
	v := evidenceView{Site: site, Evidence: e, Bundle: b, Files: content, Root: w.fleet.Root()}
	return w.show(rw, r, eventTitle(e), crumbs, evidencePage(v))
}

func (w *Web) evidenceFile(rw http.ResponseWriter, r *http.Request) error {
	_, content, err := w.fleet.Evidence(r.Context(), store.SiteID(r.PathValue("site")), r.PathValue("bundle"), "", 0)
	if err != nil {
		return err
	}
	for _, f := range content {
		if f.GetName() == r.PathValue("name") {
			return download(rw, f.GetName(), "application/octet-stream", func() ([]byte, error) { return f.GetContent(), nil })
		}
	}
	return store.ErrNotFound
}

func download(rw http.ResponseWriter, name, kind string, make func() ([]byte, error)) error {
	content, err := make()
	if err != nil {
		return err
	}
	rw.Header().Set("Content-Type", kind)
	rw.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	rw.Write(content) //nolint:errcheck // the browser went away
	return nil
}

// pack makes a zip of a bundle's folder.
func pack(folder string, content []*centralv1.File) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range content {
		into, err := z.Create(folder + "/" + f.GetName())
		if err == nil {
			_, err = into.Write(f.GetContent())
		}
		if err != nil {
			return nil, errors.Join(err, z.Close())
		}
	}
	err := z.Close()
	return b.Bytes(), err
}
