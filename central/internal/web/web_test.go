package web_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/bundle"

	"github.com/osiriscare/osiris/central/internal/audit"
	ct "github.com/osiriscare/osiris/central/internal/centraltest"
	"github.com/osiriscare/osiris/central/internal/store"
	"github.com/osiriscare/osiris/central/internal/web"
)

// hostile is a name that would run if it were not escaped.
const hostile = `<script>alert("x")</script>`

type dashboard struct {
	c      *ct.Central
	a      *ct.Appliance
	site   store.Site
	url    string
	client *http.Client
	w      *web.Web
}

// open serves the dashboard of a practice with one drift that was undone, and
// signs in.
func open(t *testing.T) *dashboard {
	t.Helper()
	c := ct.New(t)
	d := &dashboard{c: c, site: c.Site("Riverside "+hostile, "Main Street"), w: web.New(c.Auth, audit.New(c.Store), c.Fleet, c.Feed, slog.New(slog.DiscardHandler))}
	d.a = c.Appliance(d.site.ID)
	d.a.Add(ct.Report("h_1", 1, "fail", "i_1"))
	d.a.Add(ct.About(bundle.KindCommand, "h_1", "i_1", bundle.OutcomeNone))
	d.a.Add(ct.Result("h_1", 2, "i_1", bundle.OutcomeReverted, "fail"))
	escalation := ct.About(bundle.KindEscalation, "h_1", "i_1", bundle.OutcomeAlert)
	escalation.Summary = "Needs a person: " + hostile
	d.a.Add(escalation)
	unknown := ct.Report("h_2", 1, "unknown", "")
	d.a.Add(unknown)
	ct.Value(d.a.Submit(0))(t)
	front := httptest.NewServer(d.w.Handler())
	t.Cleanup(func() { d.w.Close(); front.Close() })
	d.url = front.URL
	d.client = &http.Client{Jar: ct.Value(cookiejar.New(nil))(t)}
	code := ct.Value(c.Auth.NewLoginCode(context.Background()))(t)
	if status, _, _ := d.get(t, "/login?code="+code+"&next=/sites/"+string(d.site.ID)); status != http.StatusOK {
		t.Fatalf("signing in = %d", status)
	}
	return d
}

func (d *dashboard) get(t *testing.T, path string) (int, string, http.Header) {
	t.Helper()
	r := ct.Value(http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+path, nil))(t)
	answer, err := d.client.Do(r)
	ct.Check(t, err)
	defer answer.Body.Close() //nolint:errcheck // it was read to its end
	return answer.StatusCode, string(ct.Value(io.ReadAll(answer.Body))(t)), answer.Header
}

func TestEveryPageThatIsLinkedIsServed(t *testing.T) {
	d := open(t)
	links := regexp.MustCompile(`(?:href|src|data-live)="([^"#]+)"`)
	queue, seen := []string{"/"}, map[string]bool{"/": true}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		if strings.HasSuffix(path, "/live") {
			continue // it never ends
		}
		status, body, header := d.get(t, path)
		if status != http.StatusOK {
			t.Errorf("GET %s = %d", path, status)
		}
		if csp := header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("GET %s: policy %q", path, csp)
		}
		if !strings.HasPrefix(header.Get("Content-Type"), "text/html") {
			continue
		}
		judgePage(t, path, body)
		for _, m := range links.FindAllStringSubmatch(body, -1) {
			link := html.UnescapeString(m[1])
			if !strings.HasPrefix(link, "/") {
				t.Errorf("GET %s links to %s; nothing outside belongs here", path, link)
			} else if !seen[link] {
				seen[link] = true
				queue = append(queue, link)
			}
		}
	}
	if len(seen) < 12 {
		t.Errorf("only %d pages are linked: %v", len(seen), seen)
	}
}

// judgePage checks what every page must have.
func judgePage(t *testing.T, path, body string) {
	t.Helper()
	for _, want := range []string{`<html lang="en">`, `<main id="main">`, "<h1>", `class="skip"`, `name="viewport"`} {
		if !strings.Contains(body, want) {
			t.Errorf("GET %s has no %s", path, want)
		}
	}
	if strings.Contains(body, hostile) {
		t.Errorf("GET %s shows foreign text as it is", path)
	}
	if regexp.MustCompile(`<[^>]+ (style|on[a-z]+)=`).MatchString(body) || strings.Contains(body, "<style") {
		t.Errorf("GET %s has an inline style or script, which its own policy forbids", path)
	}
	if n := strings.Count(body, "<script"); n != 1 {
		t.Errorf("GET %s has %d scripts; want one", path, n)
	}
}

func TestPagesSayWhatIsKnownInPlainWords(t *testing.T) {
	d := open(t)
	site := "/sites/" + string(d.site.ID)
	for path, wants := range map[string][]string{
		site:                {"0 of 2 checks OK, 1 not known", "Needs a person", "Undone", "What to do:", "WS-h_1", "data-live"},
		site + "/hosts/h_1": {"Needs attention", "supports HIPAA 164.308(a)(1)(ii)(B)", "Evidence"},
		site + "/hosts/h_2": {"Not known", "0 of 1 checks OK, 1 not known"},
		"/":                 {"1 check needs attention"},
	} {
		_, body, _ := d.get(t, path)
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("GET %s does not say %q", path, want)
			}
		}
		for _, jargon := range []string{"sysctl_hardening", "kernel_hardening_missing", "100 %", "TIER_", "not_applicable"} {
			if strings.Contains(strings.ReplaceAll(body, "sysctl_hardening: ", ""), ">"+jargon+"<") {
				t.Errorf("GET %s says %q", path, jargon)
			}
		}
	}
	empty := d.c.Site("Lakeside", "Harbour")
	if _, body, _ := d.get(t, "/sites/"+string(empty.ID)); !strings.Contains(body, "No data") || !strings.Contains(body, "No appliance has joined") {
		t.Error("an empty site does not say that there is no data")
	}
}

func TestOnePieceOfEvidenceIsShownWithFilesThatVerify(t *testing.T) {
	d := open(t)
	id := bundle.ID("ag_h_1", "0102", 2, "received")
	path := "/sites/" + string(d.site.ID) + "/evidence/" + id
	_, body, _ := d.get(t, path)
	for _, want := range []string{"osirisctl evidence verify " + id + " --trust " + d.c.Keys.Root.String(), "Steps taken", "Undone", "bundle.proof"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	_, packed, header := d.get(t, path+".zip")
	if got := header.Get("Content-Disposition"); got != `attachment; filename="`+id+`.zip"` {
		t.Errorf("Content-Disposition = %s", got)
	}
	z := ct.Value(zip.NewReader(bytes.NewReader([]byte(packed)), int64(len(packed))))(t)
	dir := t.TempDir()
	for _, f := range z.File {
		r := ct.Value(f.Open())(t)
		content := ct.Value(io.ReadAll(r))(t)
		ct.Check(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(f.Name)), 0o700))
		ct.Check(t, os.WriteFile(filepath.Join(dir, f.Name), content, 0o600))
		if _, single, _ := d.get(t, path+"/files/"+filepath.Base(f.Name)); single != string(content) {
			t.Errorf("%s alone differs from the one in the zip", f.Name)
		}
	}
	if report := bundle.VerifyFolder(filepath.Join(dir, id), &d.c.Keys.Root); report.Result != bundle.Proven {
		t.Errorf("VerifyFolder = %+v; want proven", report)
	}
}

func TestPagesThatAreNotThere(t *testing.T) {
	d := open(t)
	other := d.c.Site("Lakeside", "Harbour")
	id := bundle.ID("ag_h_1", "0102", 2, "received")
	for path, want := range map[string]int{
		"/nothing": 404, "/sites/s_none": 404, "/clients/c_none": 404, "/sites/" + string(d.site.ID) + "/hosts/h_none": 404,
		"/sites/" + string(other.ID) + "/hosts/h_1": 404, "/sites/" + string(other.ID) + "/evidence/" + id: 404,
		"/sites/" + string(d.site.ID) + "/evidence/" + id + "/files/x": 404, "/?page=%25": 400, "/static/x/app.css": 404,
	} {
		if status, body, _ := d.get(t, path); status != want {
			t.Errorf("GET %s = %d; want %d: %.200s", path, status, want, body)
		}
	}
}

func TestWithoutASessionThereIsOnlyTheSignInPage(t *testing.T) {
	d := open(t)
	stranger := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, path := range []string{"/", "/clients/x", "/sites/" + string(d.site.ID), "/sites/" + string(d.site.ID) + "/live", "/nothing"} {
		r := ct.Value(http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+path, nil))(t)
		answer, err := stranger.Do(r)
		ct.Check(t, err)
		ct.Check(t, answer.Body.Close())
		if want := "/login?next=" + url.QueryEscape(path); answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != want {
			t.Errorf("GET %s = %d to %s; want 303 to %s", path, answer.StatusCode, answer.Header.Get("Location"), want)
		}
	}
}

// posted is what a form was answered.
type posted struct {
	status   int
	location string
	cookies  []*http.Cookie
}

// post sends a form.
func (d *dashboard) post(t *testing.T, client *http.Client, path string, form url.Values, header ...string) posted {
	t.Helper()
	r := ct.Value(http.NewRequestWithContext(t.Context(), http.MethodPost, d.url+path, strings.NewReader(form.Encode())))(t)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	answer, err := client.Do(r)
	ct.Check(t, err)
	ct.Check(t, answer.Body.Close())
	return posted{answer.StatusCode, answer.Header.Get("Location"), answer.Cookies()}
}

func TestSigningInAndOut(t *testing.T) {
	d := open(t)
	bare := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if answer := d.post(t, bare, "/login", url.Values{"token": {"osiris-ot1-x"}}); answer.status != http.StatusForbidden || len(answer.cookies) > 0 {
		t.Errorf("a wrong token = %d with cookies %v; want 403 and none", answer.status, answer.cookies)
	}
	if lines := ct.Value(d.c.Store.Audits(t.Context(), 0, 1))(t); len(lines) != 1 || lines[0].Action != "SignIn" || lines[0].Outcome == "ok" {
		t.Errorf("the newest line of the audit log is %+v; want the refused sign-in", lines)
	}
	for next, want := range map[string]string{
		"/sites/x": "/sites/x", "https://evil.example": "/", "//evil.example": "/", `/\evil.example`: "/", "": "/", "/\t/evil.example": "/",
	} {
		answer := d.post(t, bare, "/login", url.Values{"token": {d.c.Token}, "next": {next}})
		if answer.status != http.StatusSeeOther || answer.location != want {
			t.Errorf("signing in for %q = %d to %q; want %q", next, answer.status, answer.location, want)
			continue
		}
		if c := answer.cookies[0]; !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure {
			t.Errorf("cookie = %v; want HttpOnly and Lax, and not Secure on plain HTTP", c)
		}
	}
	if answer := d.post(t, bare, "/login", url.Values{"token": {d.c.Token}}, "X-Forwarded-Proto", "https"); len(answer.cookies) == 0 || !answer.cookies[0].Secure {
		t.Error("behind a TLS proxy the cookie is not Secure")
	}
	for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		if answer := d.post(t, d.client, "/logout", nil, header[0], header[1]); answer.status != http.StatusForbidden {
			t.Errorf("signing out from another origin (%s) = %d; want 403", header[0], answer.status)
		}
	}
	if status, _, _ := d.get(t, "/"); status != http.StatusOK {
		t.Errorf("still signed in = %d; want 200", status)
	}
	d.post(t, d.client, "/logout", nil)
	if _, body, _ := d.get(t, "/"); !strings.Contains(body, "Sign in to Osiris") {
		t.Error("after signing out the page is still shown")
	}
}

func TestASitePageIsLive(t *testing.T) {
	d := open(t)
	r := ct.Value(http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+"/sites/"+string(d.site.ID)+"/live", nil))(t)
	answer, err := d.client.Do(r)
	ct.Check(t, err)
	defer answer.Body.Close() //nolint:errcheck // it ends with the test
	if kind := answer.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Fatalf("Content-Type = %s", kind)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	until := func(want string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), want) {
				return
			}
		}
		t.Fatalf("the stream ended without %q: %v", want, lines.Err())
	}
	until("data: events")
	news := ct.Report("h_9", 1, "pass", "")
	news.Summary = "the newest of all"
	d.a.Add(news)
	ct.Value(d.a.Submit(6))(t)
	until("the newest of all")
	d.w.Close()
	if lines.Scan(); lines.Err() != nil && lines.Text() != "" {
		t.Errorf("after Close: %v", lines.Err())
	}
}
