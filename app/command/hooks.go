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

// Hooks makes and revokes the addresses of hooks.
type Hooks struct {
	ledger *ledger.Ledger
	sites  map[string]config.Site
	url    string // the app's public address
}

// NewHooks makes the Hooks of an app that is reached at an address.
func NewHooks(l *ledger.Ledger, sites map[string]config.Site, url string) *Hooks {
	return &Hooks{ledger: l, sites: sites, url: strings.TrimRight(url, "/")}
}

// hookSecretPrefix names the kind of secret to people, and to scanners for leaked secrets.
const hookSecretPrefix = "prh_"

// MaxOverlap bounds how long an old address is good beside a new one.
const MaxOverlap = 90 * 24 * time.Hour

// New makes an address of a hook. It can't be shown again, since only its hash is stored.
// Without rotate the hook must have no address; with it, the existing ones end after the
// overlap.
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
	return problem.New(http.StatusNotFound, "no_hook", "the configuration has no hook "+hook+" of site "+site+": add it under the site's hooks, as - {name: "+hook+", dialect: ...}, and reload the configuration")
}

// HookState is a configured hook, and its valid addresses.
type HookState struct {
	config.Hook
	Secrets []ledger.HookSecret
}

// List lists the configured hooks of a site.
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
