package command

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
)

// Hooks makes the addresses of hooks, and ends them.
type Hooks struct {
	ledger *ledger.Ledger
	sites  map[string]config.Site
	url    string // the app's public address
}

// NewHooks makes the Hooks of an app that is reached at an address.
func NewHooks(l *ledger.Ledger, sites map[string]config.Site, url string) *Hooks {
	return &Hooks{ledger: l, sites: sites, url: strings.TrimRight(url, "/")}
}

// hookSecretPrefix tells people, and programs that look for secrets in what is
// published, what they found.
const hookSecretPrefix = "prh_"

// MaxOverlap bounds how long an old address is good beside a new one.
const MaxOverlap = 90 * 24 * time.Hour

// New makes an address of a hook. Nobody can be told it again: only its hash is
// kept. Without rotate the hook must have none; with it, those that it has end
// after the overlap.
func (h *Hooks) New(ctx context.Context, who *auth.Caller, site, hook string, rotate bool, overlap time.Duration) (address string, err error) {
	if err := h.known(site, hook); err != nil {
		return "", err
	}
	secret := hookSecretPrefix + strings.ToLower(rand.Text())
	_, err = h.ledger.Hooks().PutSecret(ctx, ledger.HookSecret{Site: site, Hook: hook, Hash: auth.HashToken(secret), By: who.Name}, rotate, overlap)
	if err != nil {
		return "", err
	}
	return h.url + "/hooks/" + site + "/" + secret, nil
}

// Revoke ends all addresses of a hook at once. The hook need no longer be
// configured.
func (h *Hooks) Revoke(ctx context.Context, who *auth.Caller, site, hook string) error {
	n, err := h.ledger.Hooks().RevokeSecrets(ctx, site, hook, who.Name)
	if err == nil && n == 0 {
		return problem.New(http.StatusNotFound, "not_found", "the hook "+hook+" has no address")
	}
	return err
}

func (h *Hooks) known(site, hook string) error {
	if _, ok := h.sites[site].Hook(hook); ok {
		return nil
	}
	return problem.New(http.StatusNotFound, "no_hook", "the configuration has no hook "+hook+" of site "+site+": add it under the site's hooks, as - {name: "+hook+", dialect: ...}, and restart the app")
}

// HookState is a configured hook, and its addresses that are good.
type HookState struct {
	config.Hook
	Secrets []ledger.HookSecret
}

// List tells of the configured hooks of a site.
func (h *Hooks) List(ctx context.Context, site string) ([]HookState, error) {
	secrets, err := h.ledger.HookSecrets(ctx, site)
	if err != nil {
		return nil, err
	}
	out := []HookState{}
	for _, hook := range h.sites[site].Hooks {
		state := HookState{Hook: hook}
		for _, s := range secrets {
			if s.Hook == hook.Name {
				state.Secrets = append(state.Secrets, s)
			}
		}
		out = append(out, state)
	}
	return out, nil
}
