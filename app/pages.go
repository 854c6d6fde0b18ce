package app

import "net/http"

// pageRoutes are the editors' pages.
func (a *App) pageRoutes(mux *http.ServeMux) {}
