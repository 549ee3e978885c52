package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/osiriscare/osiris/central/internal/auth"
)

const cookieName = "osiris_session"

func sessionOf(r *http.Request) string {
	if c, err := r.Cookie(cookieName); err == nil {
		return c.Value
	}
	return ""
}

// login takes a single-use code, or asks for a token.
func (w *Web) login(rw http.ResponseWriter, r *http.Request) {
	code := r.URL.Query().Get("code")
	if code == "" {
		w.ask(rw, r, http.StatusOK, "")
		return
	}
	w.begin(rw, r, "This address was used already or is older than ten minutes. Make a new one.", func() (string, error) {
		return w.auth.Login(r.Context(), code)
	})
}

// maxForm bounds the sign-in form.
const maxForm = 4 << 10

func (w *Web) loginToken(rw http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(rw, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		w.ask(rw, r, http.StatusBadRequest, "The form could not be read.")
		return
	}
	w.begin(rw, r, "This token is not valid here.", func() (string, error) {
		return w.auth.LoginToken(r.Context(), r.PostForm.Get("token"))
	})
}

func (w *Web) begin(rw http.ResponseWriter, r *http.Request, refusal string, login func() (string, error)) {
	if !w.tries.Allow() {
		w.ask(rw, r, http.StatusTooManyRequests, "Too many tries. Wait a minute.")
		return
	}
	session, err := login()
	// Who signs in, and who is refused, is on record before anything is shown.
	if failed := w.audit.Record(r.Context(), "SignIn", "", "from "+r.RemoteAddr, err); failed != nil {
		w.fail(rw, r, failed)
		return
	}
	if errors.Is(err, auth.ErrDenied) {
		w.log.WarnContext(r.Context(), "sign-in refused", "peer", r.RemoteAddr)
		w.ask(rw, r, http.StatusForbidden, refusal)
		return
	}
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	http.SetCookie(rw, w.cookie(r, session, int(auth.SessionLifetime.Seconds())))
	http.Redirect(rw, r, local(r.FormValue("next")), http.StatusSeeOther)
}

// local is where a person wanted to go, if that is a page of ours.
func local(next string) string {
	if len(next) > 1 && next[0] == '/' && next[1] != '/' && next[1] != '\\' && !strings.ContainsAny(next, "\r\n\t") {
		return next
	}
	return "/"
}

// cookie is Lax, not Strict: the address of a login code comes from elsewhere.
func (w *Web) cookie(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	}
}

func (w *Web) logout(rw http.ResponseWriter, r *http.Request) {
	if err := w.auth.Logout(r.Context(), sessionOf(r)); err != nil {
		w.fail(rw, r, err)
		return
	}
	http.SetCookie(rw, w.cookie(r, "", -1))
	http.Redirect(rw, r, "/login", http.StatusSeeOther)
}

func (w *Web) ask(rw http.ResponseWriter, r *http.Request, code int, problem string) {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.WriteHeader(code)
	if err := signIn(problem, local(r.FormValue("next"))).Render(r.Context(), rw); err != nil {
		w.log.DebugContext(r.Context(), "sign-in page not shown", "error", err)
	}
}
