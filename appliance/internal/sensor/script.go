package sensor

import (
	"context"
	"embed"
	"net/http"
)

// The scripts are fetched over plain HTTP, as this dialect always had it: who
// can change packets between the two machines can change them. docs/sensors.md
// says how to carry them across instead.
//
//go:embed script/*.sh
var scripts embed.FS

// scriptText is an answer that is no JSON.
type scriptText []byte

func (a *API) script(name string) answerer {
	return func(*http.Request, []byte) (any, error) {
		text, err := scripts.ReadFile("script/" + name)
		if err != nil {
			return nil, err
		}
		return scriptText(text), nil
	}
}

func (a *API) writeScript(ctx context.Context, w http.ResponseWriter, text scriptText) {
	w.Header().Set("Content-Type", "text/x-sh; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if _, err := w.Write(text); err != nil {
		a.log.DebugContext(ctx, "answer not written", "error", err)
	}
}
