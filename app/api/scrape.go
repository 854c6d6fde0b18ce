package api

import (
	"net/http"

	"github.com/pressrun/pressrun/app/auth"
)

// scrapes lets Prometheus read the figures of all sites.
type scrapes struct {
	guard
	figures http.Handler
}

func (s *scrapes) serve(w http.ResponseWriter, r *http.Request) {
	if s.letAll(w, r, auth.Monitor, auth.Operator) {
		s.figures.ServeHTTP(w, r)
	}
}
