package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/githubapp"
)

// setup makes the GitHub App with an operator, in three clicks: only while
// there is none, and only for who holds the code that the app's log shows.
type setup struct {
	mu    sync.Mutex
	code  string // "" when there is nothing to set up
	state string // of the way to GitHub and back; good once
	// secret is that of Secrets Manager in which the operator wants the App's
	// key; "" for the state folder.
	secret string
}

const (
	kindSetup   = "prx_"
	setupCookie = "pressrun_setup"
	// setupLife is GitHub's: the whole way must be done within an hour.
	setupLife = time.Hour
)

// begin makes the code and shows it in the log.
func (s *setup) begin(a *App) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.code = rand.Text()
	a.log.Warn("GitHub is not set up: open the page and give it the code", "page", a.config.URL+"/setup", "code", s.code)
}

// open says whether a code is the one, while there is something to set up.
func (s *setup) open(code string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.code != "" && subtle.ConstantTimeCompare([]byte(strings.TrimSpace(code)), []byte(s.code)) == 1
}

// leave gives the state that goes with the operator to GitHub.
func (s *setup) leave(secret string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.secret = rand.Text(), secret
	return s.state
}

// back says whether the operator came back with the state they left with, and
// in which secret the App is to be kept.
func (s *setup) back(state string) (secret string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ok = s.state != "" && subtle.ConstantTimeCompare([]byte(state), []byte(s.state)) == 1
	s.state = ""
	return s.secret, ok && s.code != ""
}

func (s *setup) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.code, s.state = "", ""
}

func (a *App) setupRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /v1/github/checks", a.githubChecks)
	mux.HandleFunc("GET /setup", a.setupPage)
	mux.HandleFunc("POST /setup", a.setupBegin)
	mux.HandleFunc("GET /setup/created", a.setupCreated)
	mux.HandleFunc("GET /setup/installed", a.setupInstalled)
}

// setupView is what the set-up pages show. It has no secret in it.
type setupView struct {
	Title, Problem         string
	AskCode                bool
	Secret                 string // of Secrets Manager, as configured or given
	SecretSet              bool   // by the configuration
	Personal, Organization string // where the manifest is sent
	Owner, Manifest        string
	Install                string
	Checks                 []githubapp.Check
	AllOK                  bool
}

func (a *App) showSetup(w http.ResponseWriter, status int, v setupView) {
	h := w.Header()
	if v.Manifest != "" {
		// The one form of ours that leads elsewhere.
		h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), "form-action 'self'", "form-action 'self' "+a.gitHubURL(), 1))
	}
	a.render(w, status, "setup", page{Title: v.Title, Body: v})
}

func (a *App) gitHubURL() string { return strings.TrimRight(a.config.GitHub.URL, "/") }

func (a *App) setupPage(w http.ResponseWriter, _ *http.Request) {
	if a.github.link.Load() != nil {
		a.showSetup(w, http.StatusNotFound, setupView{Title: "GitHub is set up", Problem: "There is nothing to set up. To begin anew, remove the App's file from the state folder, or the github section of the configuration, and start Pressrun again."})
		return
	}
	a.askCode(w, http.StatusOK, a.config.GitHub.KeySecret, "")
}

// askCode shows the first page of the set-up.
func (a *App) askCode(w http.ResponseWriter, status int, secret, problem string) {
	a.showSetup(w, status, setupView{Title: "Set GitHub up", AskCode: true, Secret: secret, SecretSet: a.config.GitHub.KeySecret != "", Problem: problem})
}

// setupBegin lets the holder of the code in and offers the ways to GitHub.
func (a *App) setupBegin(w http.ResponseWriter, r *http.Request) {
	if a.github.link.Load() != nil {
		a.setupPage(w, r)
		return
	}
	if !a.github.setup.open(r.PostFormValue("code")) {
		a.log.Warn("somebody tried to set GitHub up with a wrong code")
		a.askCode(w, http.StatusForbidden, a.config.GitHub.KeySecret, "This is not the code. It is in the log of pressrun serve, and changes with each start.")
		return
	}
	secret := cmp.Or(a.config.GitHub.KeySecret, strings.TrimSpace(r.PostFormValue("secret")))
	if problem := a.secretProblem(r.Context(), secret); problem != "" {
		a.askCode(w, http.StatusUnprocessableEntity, secret, problem)
		return
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // G124: Secure wherever the app is reached by https
		Name: setupCookie, Value: a.keys.Mint(kindSetup, auth.Grant{Until: time.Now().Add(setupLife)}), Path: "/setup",
		MaxAge: int(setupLife / time.Second), HttpOnly: true, Secure: strings.HasPrefix(a.config.URL, "https://"), SameSite: http.SameSiteLaxMode,
	})
	owner := a.firstOwner()
	query := "?state=" + url.QueryEscape(a.github.setup.leave(secret))
	a.showSetup(w, http.StatusOK, setupView{
		Title: "Make the GitHub App", Owner: owner, Manifest: githubapp.NewManifest(a.config.URL, "Pressrun for "+owner, a.anyProtectionRule()).JSON(),
		Personal:     a.gitHubURL() + "/settings/apps/new" + query,
		Organization: a.gitHubURL() + "/organizations/" + url.PathEscape(owner) + "/settings/apps/new" + query,
	})
}

// secretProblem says why the App can't be kept in a secret of Secrets Manager;
// "" when it can, or none is named.
func (a *App) secretProblem(ctx context.Context, secret string) string {
	if secret == "" {
		return ""
	}
	if !config.IsSecretName(secret) {
		return "This is no name or ARN of a secret of AWS Secrets Manager: it has letters, digits and /_+=.@- only."
	}
	if err := mayKeepIn(ctx, secret); err != nil {
		a.log.Error("the GitHub App can't be kept in AWS Secrets Manager", "error", err)
		return "The secret can't be used: AWS does not let Pressrun at it, or it holds something already. The log tells why."
	}
	return ""
}

// firstOwner is the owner of the first site's repository.
func (a *App) firstOwner() string {
	for _, name := range a.ledger.SiteNames() {
		if s := a.config.Sites[name]; s.Runner == config.RunnerGitHub {
			owner, _, _ := strings.Cut(s.GitHub.Repository, "/")
			return owner
		}
	}
	return ""
}

// letSetup says whether a caller holds the cookie of the set-up.
func (a *App) letSetup(r *http.Request) bool {
	cookie, err := r.Cookie(setupCookie)
	if err != nil {
		return false
	}
	_, ok := a.keys.Check(kindSetup, cookie.Value, time.Now())
	return ok
}

// setupCreated is where GitHub leads back to with the code for the App.
func (a *App) setupCreated(w http.ResponseWriter, r *http.Request) {
	const again = "Begin again at /setup."
	code := r.URL.Query().Get("code")
	if !a.letSetup(r) || code == "" {
		a.showSetup(w, http.StatusForbidden, setupView{Title: "This did not come from a set-up begun here", Problem: again})
		return
	}
	secret, ok := a.github.setup.back(r.URL.Query().Get("state"))
	if !ok {
		a.showSetup(w, http.StatusForbidden, setupView{Title: "This did not come from a set-up begun here", Problem: again})
		return
	}
	made, err := githubapp.Convert(r.Context(), a.config.GitHub.APIURL, code, a.githubTransport)
	if err == nil {
		err = a.keepApp(r.Context(), made, secret)
	}
	if err != nil {
		a.log.Error("the GitHub App can't be set up", "error", err)
		a.showSetup(w, http.StatusBadGateway, setupView{Title: "The App could not be fetched", Problem: "GitHub has made it, but Pressrun could not get or keep its key; the log tells why. Delete the App on GitHub. " + again})
		return
	}
	link, err := a.github.open(r.Context())
	if err != nil || link == nil {
		a.log.Error("the GitHub App can't be used", "error", err)
		a.showSetup(w, http.StatusInternalServerError, setupView{Title: "The App can't be used", Problem: "The log tells why."})
		return
	}
	a.github.link.Store(link)
	a.github.setup.done()
	a.log.Info("the GitHub App was made", "app", made.AppID, "page", made.HTMLURL)
	a.showSetup(w, http.StatusOK, setupView{Title: "Install the App", Install: made.HTMLURL + "/installations/new"})
}

// setupInstalled is where GitHub leads back to after the installation: it
// shows what is still missing.
func (a *App) setupInstalled(w http.ResponseWriter, r *http.Request) {
	c, link := auth.From(r.Context()), a.github.link.Load()
	if link == nil || !a.letSetup(r) && (c == nil || c.Role != auth.Operator) {
		a.showSetup(w, http.StatusForbidden, setupView{Title: "Set GitHub up", Problem: "Only who set GitHub up within the last hour, or an operator, sees this page."})
		return
	}
	v := setupView{Title: "GitHub is set up", Checks: a.examine(r)}
	v.AllOK = !slices.ContainsFunc(v.Checks, func(c githubapp.Check) bool { return c.Result == githubapp.CheckFailed })
	a.showSetup(w, http.StatusOK, v)
}

// examine checks what the GitHub sites' releases need; see githubapp.Examine.
func (a *App) examine(r *http.Request) []githubapp.Check {
	link := a.github.link.Load()
	if link == nil {
		return []githubapp.Check{{Name: "set-up", Result: githubapp.CheckFailed, Detail: "GitHub is not set up", Do: "open " + a.config.URL + "/setup with the code from the app's log"}}
	}
	var out []githubapp.Check
	for _, name := range a.ledger.SiteNames() {
		if a.config.Sites[name].Runner == config.RunnerGitHub {
			out = append(out, link.runner.Examine(r.Context(), name)...)
		}
	}
	return out
}

// checkList is what `pressrun doctor` is told.
type checkList struct {
	Checks []githubapp.Check `json:"checks"`
}

// githubChecks gives the checks to `pressrun doctor`.
func (a *App) githubChecks(w http.ResponseWriter, r *http.Request) {
	if !a.let(w, r, "", auth.Operator) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(checkList{a.examine(r)}) // the caller may have gone
}
