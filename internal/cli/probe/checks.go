package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/text"
)

// prober makes checks of an app.
type prober struct {
	app *api.Client
	// authorized adds the token to a call, and says whether there is one.
	authorized func(*http.Request) bool
	http       *http.Client // follows no redirect
	site       string
	releases   string // the site to release; "" for none
	// limit bounds each check, releaseLimit a release.
	limit, releaseLimit time.Duration
	// loopback says that the app lets anybody on its machine in, which the check of
	// other hosts' names found out.
	loopback bool
}

// check is one question to an app.
type check struct {
	name  string
	limit time.Duration
	look  func(context.Context) Result
}

// checks are all in their order: what must work, then what must be refused.
func (p *prober) checks() []check {
	all := []check{
		{"health", p.limit, p.health},
		{"ready", p.limit, p.ready},
		{"site", p.limit, p.knownSite},
		{"other-host", p.limit, p.otherHost}, // before no-token, which goes by it
		{"no-token", p.limit, p.noToken},
		{"unknown-token", p.limit, p.unknownToken},
		{"wrong-role", p.limit, p.wrongRole},
		{"forged-hook", p.limit, p.forgedHook},
		{"forged-webhook", p.limit, p.forgedWebhook},
		{"cross-site", p.limit, p.crossSite},
	}
	if p.releases != "" {
		all = append(all, check{"release", p.releaseLimit, p.release})
	}
	return all
}

func (p *prober) carryOut(ctx context.Context, c check) Result {
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	started := time.Now()
	r := c.look(ctx)
	r.Check, r.Seconds = c.name, time.Since(started).Seconds()
	if r.Result == failed && errors.Is(ctx.Err(), context.DeadlineExceeded) && c.name != "release" {
		r.Detail = "no whole answer within " + c.limit.String()
	}
	return r
}

func well(format string, args ...any) Result {
	return Result{Result: ok, Detail: fmt.Sprintf(format, args...)}
}

func broken(format string, args ...any) Result {
	return Result{Result: failed, Detail: fmt.Sprintf(format, args...)}
}

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 64 << 10

// call makes a call as it is, without the token, and reads the beginning of its answer.
func (p *prober) call(ctx context.Context, method, path string, change func(*http.Request)) (status int, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, method, p.app.BaseURL()+path, strings.NewReader(""))
	if err != nil {
		return 0, "", fmt.Errorf("make the call: %w", err)
	}
	if change != nil {
		change(req)
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp.StatusCode, string(text), err
}

func (p *prober) health(ctx context.Context) Result {
	status, body, err := p.call(ctx, http.MethodGet, "/healthz", nil)
	switch {
	case err != nil:
		r := broken("nothing answers: %v", err)
		r.code = exit.Unreachable
		return r
	case status != http.StatusOK || !strings.Contains(body, `"status":"ok"`):
		return broken("/healthz answered %d: %s", status, text.Shorten(body, 300))
	}
	return well("the app can read its ledger")
}

func (p *prober) ready(ctx context.Context) Result {
	answer, err := p.app.Ready(ctx)
	if err != nil {
		return broken("/readyz %s", inWords(err))
	}
	if answer.Status != "ready" {
		return broken("/readyz says %q", answer.Status)
	}
	var heed []string
	for _, part := range answer.Parts {
		if part.State != api.PartOK {
			heed = append(heed, part.Name+": "+part.Why)
		}
	}
	if len(heed) > 0 {
		return Result{Result: warning, Detail: strings.Join(heed, "; ")}
	}
	return well("%s well", text.Plural(len(answer.Parts), "part is", "parts are"))
}

// knownSite reads a site, as a caller does before it asks for a release.
func (p *prober) knownSite(ctx context.Context) Result {
	sites, err := p.app.Sites(ctx)
	if api.CodeOf(err) == "unauthorized" && !p.authorized(nil) {
		return Result{Result: skipped, Detail: "no token was given"}
	}
	if err != nil {
		return broken("the list of sites: %s", inWords(err))
	}
	for _, s := range sites {
		if s.Name != p.site && p.site != "" {
			continue
		}
		p.site = s.Name
		if s.Condition != "" {
			return Result{Result: warning, Detail: s.Name + ": " + s.Text}
		}
		return well("%s is %s", s.Name, strings.ReplaceAll(string(s.State), "_", " "))
	}
	if p.site == "" {
		return broken("the token sees no site")
	}
	return broken("the token sees no site %s", p.site)
}
