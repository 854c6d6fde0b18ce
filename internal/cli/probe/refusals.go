package probe

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/text"
)

// elsewhere is a name that is nobody's (RFC 2606, section 2).
const elsewhere = "probe.invalid"

// refused makes a call that must be refused, with one of the given statuses. None of
// these calls changes anything even where it is let through.
func (p *prober) refused(ctx context.Context, method, path string, change func(*http.Request), want ...int) Result {
	status, body, err := p.call(ctx, method, path, change)
	switch {
	case err != nil:
		return broken("%s %s: %v", method, path, err)
	case !slices.Contains(want, status):
		return broken("%s %s answered %d, and must be refused: %s", method, path, status, text.Shorten(text.OneLine(body), 200))
	}
	return well("refused with %d", status)
}

// otherHost calls by a name that is not the app's: an app that lets anybody on its
// machine in must answer by that machine's names only. Else the token decides, and a
// proxy may refuse the name before.
func (p *prober) otherHost(ctx context.Context) Result {
	r := p.refused(ctx, http.MethodGet, "/v1/sites", func(r *http.Request) { r.Host = elsewhere },
		http.StatusMisdirectedRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusBadRequest)
	p.loopback = r.Result == ok && strings.HasSuffix(r.Detail, " 421") && p.onThisMachine()
	return r
}

func (p *prober) onThisMachine() bool {
	u, err := url.Parse(p.app.BaseURL())
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

func (p *prober) noToken(ctx context.Context) Result {
	r := p.refused(ctx, http.MethodGet, "/v1/sites", nil, http.StatusUnauthorized)
	if r.Result == failed && p.loopback && strings.Contains(r.Detail, "answered 200") {
		return Result{Result: skipped, Detail: "pages.access: loopback lets anybody on the app's machine in"}
	}
	return r
}

func (p *prober) unknownToken(ctx context.Context) Result {
	return p.refused(ctx, http.MethodGet, "/v1/sites", func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer prt_"+rand.Text())
	}, http.StatusUnauthorized)
}

// wrongRole makes a call that is a run's alone, whatever the token's role. Its empty
// body would be refused after the check under test.
func (p *prober) wrongRole(ctx context.Context) Result {
	if !p.authorized(nil) {
		return Result{Result: skipped, Detail: "no token was given"}
	}
	if p.site == "" {
		return Result{Result: skipped, Detail: "no site is known"}
	}
	return p.refused(ctx, http.MethodPost, "/v1/sites/"+url.PathEscape(p.site)+"/releases/1/reports", func(r *http.Request) {
		p.authorized(r)
		r.Header.Set("Content-Type", "application/json")
	}, http.StatusForbidden)
}

func (p *prober) forgedHook(ctx context.Context) Result {
	site := p.site
	if site == "" {
		site = "www"
	}
	return p.refused(ctx, http.MethodPost, "/hooks/"+url.PathEscape(site)+"/prh_"+rand.Text(), nil,
		http.StatusNotFound, http.StatusUnauthorized, http.StatusForbidden)
}

// forgedWebhook is GitHub's without its signature; 404 is an app without GitHub.
func (p *prober) forgedWebhook(ctx context.Context) Result {
	return p.refused(ctx, http.MethodPost, "/v1/github/webhooks", func(r *http.Request) {
		r.Header.Set("X-GitHub-Event", "workflow_run")
		r.Header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
	}, http.StatusUnauthorized, http.StatusNotFound)
}

// crossSite is what a browser sends from another site's page (Fetch Metadata). The
// site that it names is none.
func (p *prober) crossSite(ctx context.Context) Result {
	return p.refused(ctx, http.MethodPost, "/v1/sites/"+elsewhere+"/requests", func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Origin", "https://"+elsewhere)
	}, http.StatusForbidden)
}
