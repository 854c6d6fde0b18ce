package account

import (
	"net/http"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/pages/frame"
)

// Register puts the pages about their reader on a mux.
func Register(mux *http.ServeMux, f *frame.Frame, a *auth.Authorizer) {
	signIn := &signInPages{Frame: f, auth: a}
	sessions := &sessionPages{Frame: f, auth: a}
	reading := &readingPages{Frame: f}
	mux.HandleFunc("GET /sessions", f.SignedIn(sessions.show))
	mux.HandleFunc("POST /sessions/{id}", f.SignedIn(sessions.end))
	mux.HandleFunc("GET /signin", signIn.show)
	mux.HandleFunc("POST /signin", signIn.signIn)
	mux.HandleFunc("POST /signin/password", signIn.signInLocally)
	mux.HandleFunc("GET /signin/{via}", signIn.begin)
	mux.HandleFunc("GET /signin/{via}/callback", signIn.finish)
	mux.HandleFunc("POST /signout", signIn.signOut)
	mux.HandleFunc("GET /reading", reading.show)
	mux.HandleFunc("POST /reading", reading.choose)
}
