// Package public shows the states of sites to readers without a token of the app, where the
// configuration allows it: a badge, and an element that a CMS's own pages embed.
package public

import (
	"bytes"
	"context"
	"crypto/subtle"
	_ "embed" // the script
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/words"
)

// The addresses.
const (
	BadgePath  = "/badge/"
	ScriptPath = "/embed.js"
	StatusPath = "/embed/"
)

//go:embed embed.js
var script []byte

// Options are what New needs.
type Options struct {
	Sites    map[string]config.Site
	View     *view.Reader
	Problems *problem.Reporter
	// Language is that of badges, and of readers whose languages have no translation.
	Language words.Language
}

// Public serves the calls that need no token of the app.
type Public struct {
	sites    map[string]config.Site
	view     *view.Reader
	problems *problem.Reporter
	language words.Language

	mu     sync.Mutex
	badges map[string]drawn
}

// drawn is a badge as it was drawn at an instant.
type drawn struct {
	at  time.Time
	svg []byte
}

// New makes a Public.
func New(o Options) *Public {
	return &Public{sites: o.Sites, view: o.View, problems: o.Problems, language: o.Language, badges: map[string]drawn{}}
}

// Register puts it on a mux.
func (p *Public) Register(mux *http.ServeMux) {
	mux.HandleFunc(BadgePath, p.badge)
	mux.HandleFunc(ScriptPath, p.script)
	mux.HandleFunc(StatusPath, p.status)
}

// secure sets the headers of the answers: browsers run nothing in them, and guess no type.
func secure(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// reads says whether the method only reads, and refuses the call if not.
func (p *Public) reads(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	p.problems.Write(w, r, problem.New(http.StatusMethodNotAllowed, "invalid", "this address takes GET"))
	return false
}

func (p *Public) script(w http.ResponseWriter, r *http.Request) {
	if !p.reads(w, r) {
		return
	}
	secure(w.Header())
	if !p.embedded() {
		p.problems.Write(w, r, problem.New(http.StatusNotFound, "not_found", "no site is embedded: the configuration has no public.embed_origins"))
		return
	}
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Access-Control-Allow-Origin", "*") // the script has no data
	w.Header().Set("Cache-Control", "public, max-age=3600")
	w.Header().Set("Vary", "Accept-Language")
	_, _ = w.Write(scriptIn(words.Match(r.Header.Get("Accept-Language"), p.language))) // the reader may have gone
}

// scriptIn is the script with its own words in a language.
func scriptIn(l words.Language) []byte {
	out := script
	for english, said := range map[string]string{
		"Pressrun: not allowed": l.Say("Pressrun: not allowed"), "Pressrun: no answer": l.Say("Pressrun: no answer"),
	} {
		if quoted, err := json.Marshal(said); err == nil {
			out = bytes.ReplaceAll(out, []byte(`"`+english+`"`), quoted)
		}
	}
	return out
}

func (p *Public) embedded() bool {
	for _, site := range p.sites {
		if len(site.Public.EmbedOrigins) > 0 {
			return true
		}
	}
	return false
}

// answer is the state of a site or an entry.
type answer struct {
	State string `json:"state"`
	Text  string `json:"text"`
}

// status answers with the state of a site or an entry, to pages that may embed it.
func (p *Public) status(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Vary", "Origin, Accept-Language")
	name := strings.TrimPrefix(r.URL.Path, StatusPath)
	site, origin := p.sites[name], r.Header.Get("Origin")
	if origin != "" && slices.Contains(site.Public.EmbedOrigins, origin) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Headers", "Authorization")
		w.Header().Set("Access-Control-Max-Age", "600")
	}
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if !p.reads(w, r) {
		return
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !good(site.Public.EmbedSHA256, token) {
		p.problems.Write(w, r, problem.New(http.StatusUnauthorized, "unauthorized", "this token is not good for this site's status"))
		return
	}
	reader := view.Audience{Language: words.Match(r.Header.Get("Accept-Language"), p.language)}
	short, err := p.view.Short(view.For(r.Context(), reader), name, r.URL.Query().Get("entry"))
	if err != nil {
		p.problems.Write(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer(short)) // the reader may have gone
}

// good says whether one of the hashes is that of a token.
func good(hashes []string, token string) bool {
	sent, found := []byte(auth.HashToken(token)), false
	for _, hash := range hashes {
		if subtle.ConstantTimeCompare(sent, []byte(hash)) == 1 {
			found = true
		}
	}
	return found && token != ""
}

// badgeAge is for how long a badge is good, here and in caches.
const badgeAge = 15 * time.Second

// drawBadge draws a site's badge, or gives the one that is still good.
func (p *Public) drawBadge(ctx context.Context, name string) ([]byte, error) {
	p.mu.Lock()
	known := p.badges[name]
	p.mu.Unlock()
	if now := ledger.Now(); known.svg != nil && !now.Before(known.at) && now.Sub(known.at) < badgeAge {
		return known.svg, nil
	}
	short, err := p.view.Short(view.For(ctx, view.Audience{Language: p.language}), name, "")
	if err != nil {
		return nil, err
	}
	title := p.sites[name].Title
	if title == "" {
		title = name
	}
	known = drawn{ledger.Now(), drawSVG(title, short)}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.badges[name] = known
	return known.svg, nil
}

// errNoBadge is also the answer for a site that does not exist.
var errNoBadge = errors.New("there is no badge of this site: the configuration must allow it, by public.badge")
