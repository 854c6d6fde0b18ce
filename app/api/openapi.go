package api

import (
	"encoding/json"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// serveDescription serves the API's description in the forms that huma has, each
// made once. huma's own handlers make it without a lock at the first call (api.go
// of v2.39.1), so that two first calls at once race.
func serveDescription(mux *http.ServeMux, h huma.API) {
	for _, form := range []struct {
		path, kind string
		make       func() ([]byte, error)
	}{
		{"/openapi.json", "application/openapi+json", func() ([]byte, error) { return json.Marshal(h.OpenAPI()) }},
		{"/openapi-3.0.json", "application/openapi+json", func() ([]byte, error) { return h.OpenAPI().Downgrade() }},
		{"/openapi.yaml", "application/openapi+yaml", func() ([]byte, error) { return h.OpenAPI().YAML() }},
		{"/openapi-3.0.yaml", "application/openapi+yaml", func() ([]byte, error) { return h.OpenAPI().DowngradeYAML() }},
	} {
		text := sync.OnceValues(form.make)
		mux.HandleFunc("GET "+form.path, func(w http.ResponseWriter, _ *http.Request) {
			body, err := text()
			if err != nil {
				http.Error(w, "the description can't be made", http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", form.kind)
			_, _ = w.Write(body) // the reader may be gone
		})
	}
}
