package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"strings"
)

//go:embed static
var files embed.FS

// assets maps a name to its address, which changes with the content, so that
// browsers may keep it for good.
var assets = func() map[string]string {
	all := map[string]string{}
	for _, name := range []string{"app.css", "app.js", "icon.svg"} {
		content, err := files.ReadFile("static/" + name)
		if err != nil {
			continue // a test finds a missing asset
		}
		sum := sha256.Sum256(content)
		all[name] = "/static/" + hex.EncodeToString(sum[:8]) + "/" + name
	}
	return all
}()

func asset(name string) string { return assets[name] }

func static() http.Handler {
	types := map[string]string{"app.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		content, err := files.ReadFile("static/" + name)
		if err != nil || assets[name] != r.URL.Path {
			http.NotFound(rw, r)
			return
		}
		rw.Header().Set("Content-Type", types[name])
		rw.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		rw.Write(content) //nolint:errcheck // the browser went away
	})
}
