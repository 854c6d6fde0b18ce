package hooks

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/middleware"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/cms"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/trigger"
)

// MaxBody is the largest body that a hook takes, in bytes.
const MaxBody = 1 << 20

// Path begins the addresses of all hooks.
const Path = "/hooks/"

// Options are what New needs.
type Options struct {
	Config   config.Config
	Ledger   *ledger.Ledger
	Problems *problem.Reporter
	// Handled is called for each call that was taken: with the time of the event by the
	// CMS's clock (zero where the CMS sends none), that of the receipt, and that at which
	// the call and its effects were on disk.
	Handled func(dialect string, stamped, received, processed time.Time)
}

// Hooks serves the addresses of hooks.
type Hooks struct {
	ledger   *ledger.Ledger
	problems *problem.Reporter
	handled  func(dialect string, stamped, received, processed time.Time)
	url      string
	hooks    map[string]*hook // by site and name
}

// hook is a configured hook, ready to be called.
type hook struct {
	name, site string
	siteURL    string
	system     cms.Dialect
	secrets    []string // with which the CMS signs; none where signatures are not required
	rules      trigger.Rules
	limit      *rate.Limiter
}

// New makes the Hooks of a configuration. It reads the secrets with which the CMSs sign.
func New(o Options) (*Hooks, error) {
	h := &Hooks{ledger: o.Ledger, problems: o.Problems, handled: o.Handled, url: strings.TrimRight(o.Config.URL, "/"), hooks: map[string]*hook{}}
	for name, site := range o.Config.Sites {
		for _, c := range site.Hooks {
			one, err := newHook(name, site, c)
			if err != nil {
				return nil, fmt.Errorf("prepare the hook %s of site %s: %w", c.Name, name, err)
			}
			h.hooks[name+"/"+c.Name] = one
		}
	}
	return h, nil
}

func newHook(name string, site config.Site, c config.Hook) (*hook, error) {
	rules, err := site.RulesFor(c)
	if err != nil {
		return nil, err
	}
	one := &hook{name: c.Name, site: name, siteURL: strings.TrimRight(site.URL, "/"), system: c.System(), rules: rules}
	one.limit = rate.NewLimiter(rate.Limit(float64(*c.Rate)/60), *c.Burst)
	if c.Signed() {
		one.secrets, err = SigningSecrets(c)
	}
	return one, err
}

// SigningSecrets are the secrets with which a hook's CMS signs: one a line, several
// while one is being replaced.
func SigningSecrets(c config.Hook) ([]string, error) {
	text, where := os.Getenv(c.SecretEnv), "the environment variable "+c.SecretEnv
	if c.SecretFile != "" {
		content, err := os.ReadFile(filepath.Clean(c.SecretFile))
		if err != nil {
			return nil, fmt.Errorf("read its secret: %w", err)
		}
		text, where = string(content), c.SecretFile
	}
	var secrets []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			secrets = append(secrets, line)
		}
	}
	if len(secrets) == 0 {
		return nil, fmt.Errorf("%s holds no secret", where)
	}
	return secrets, nil
}

// ServeHTTP takes a call of a hook.
func (h *Hooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	middleware.SecureHeaders(w.Header())
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	// Some plugins call from the editor's browser. The address alone authorizes the
	// call, and its holder may read the answer.
	w.Header().Set("Access-Control-Allow-Origin", "*")
	switch r.Method {
	case http.MethodGet, http.MethodPost:
	case http.MethodOptions:
		w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
		w.Header().Set("Access-Control-Allow-Headers", "*")
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		w.Header().Set("Allow", "GET, POST")
		h.problems.Write(w, r, problem.New(http.StatusMethodNotAllowed, "invalid", "a hook is called by GET or POST"))
		return
	}
	one, err := h.find(r.Context(), r.URL.Path)
	if err != nil {
		h.problems.Write(w, r, err)
		return
	}
	if wait := one.waits(ledger.Now()); wait > 0 {
		h.problems.WriteRetry(w, r, problem.New(http.StatusTooManyRequests, "too_many", "this hook is called more often than its rate allows; nothing was taken: send it again later"), wait)
		return
	}
	body, err := read(w, r)
	if err != nil {
		h.problems.Write(w, r, err)
		return
	}
	h.take(w, r, one, body)
}

// find is the hook of an address. An address that never was and one that was revoked get
// the same answer.
func (h *Hooks) find(ctx context.Context, path string) (*hook, error) {
	site, rest, _ := strings.Cut(strings.TrimPrefix(path, Path), "/")
	secret, _, _ := strings.Cut(rest, "/")
	known, err := h.ledger.HookSecrets(ctx, site)
	if err != nil {
		return nil, err
	}
	sent, now := []byte(auth.HashToken(secret)), ledger.Now()
	var found *hook
	for _, s := range known {
		if subtle.ConstantTimeCompare(sent, []byte(s.Hash)) == 1 && s.GoodAt(now) {
			found = h.hooks[site+"/"+s.Hook]
		}
	}
	if found == nil {
		return nil, problem.New(http.StatusNotFound, "not_found", "no hook is at this address. It must be whole, as it was shown when it was made: its secret belongs into the address, not into a header or the body")
	}
	return found, nil
}

// waits is how long a call that comes now must wait; 0 for one that is taken.
func (k *hook) waits(now time.Time) time.Duration {
	place := k.limit.ReserveN(now, 1)
	wait := place.DelayFrom(now)
	if wait <= 0 {
		return 0
	}
	place.CancelAt(now)
	return (wait + time.Second - 1).Truncate(time.Second)
}

// read reads the body of a call. One that is too large ends the connection.
func read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	tooLarge := problem.New(http.StatusRequestEntityTooLarge, "invalid", "the body has more than 1 MiB: let the CMS send less of the content")
	if r.ContentLength > MaxBody {
		w.Header().Set("Connection", "close")
		return nil, tooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return nil, tooLarge
	}
	if err != nil {
		return nil, problem.New(http.StatusBadRequest, "invalid", "the body did not come whole: send it again")
	}
	return body, nil
}
