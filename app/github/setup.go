package github

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/runner"
	"github.com/pressrun/pressrun/internal/words"
)

// setup makes the GitHub App with an operator, in three clicks: only while there is none,
// and only for the holder of the code in the app's log.
type setup struct {
	connection *connection
	log        *slog.Logger
	keys       auth.Keys
	show       func(w http.ResponseWriter, r *http.Request, status int, title string, body any)

	mu   sync.Mutex
	code string // "" when there is nothing to set up
}

const (
	kindSetup = "prx_"
	// kindReturn is the state parameter with which the operator goes to GitHub. The
	// replicas' common key signs it, so that each of them can check it.
	kindReturn  = "pry_"
	setupCookie = "pressrun_setup"
	// setupLife is GitHub's: the set-up must be finished within an hour.
	setupLife = time.Hour
	// lookForApp is how often a replica looks for an App that another one set up.
	lookForApp = 5 * time.Second
)

// begin makes the code and shows it in the log. Replicas have one code.
func (s *setup) begin(ctx context.Context) error {
	code, err := s.connection.credentials.shareFirst(ctx, "github-setup-code", rand.Text())
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.code = code
	s.log.Warn("GitHub is not set up: open the page and give it the code", "page", s.connection.config.URL+"/setup", "code", s.code)
	return nil
}

// isCode says whether a code is the right one, while GitHub is not set up.
func (s *setup) isCode(code string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.code != "" && subtle.ConstantTimeCompare([]byte(strings.TrimSpace(code)), []byte(s.code)) == 1
}

// open says whether the set-up has begun and is not done.
func (s *setup) open() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.code != ""
}

func (s *setup) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.code = ""
}

// awaitReplicas uses the App that another replica sets up.
func (s *setup) awaitReplicas(ctx context.Context) {
	look := time.NewTicker(lookForApp)
	defer look.Stop()
	for s.open() {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		link, err := s.connection.open(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.Warn("the GitHub App that another replica may have set up can't be read", "error", err)
		}
		if err == nil && link != nil && s.open() {
			s.connection.link.Store(link)
			s.done()
			s.log.Info("another replica set the GitHub App up; this one uses it")
		}
	}
}

func (s *setup) routes() []runner.Route {
	return []runner.Route{
		{Pattern: "GET /setup", Handler: http.HandlerFunc(s.page)},
		{Pattern: "POST /setup", Handler: http.HandlerFunc(s.beginAtGitHub)},
		{Pattern: "GET /setup/created", Handler: http.HandlerFunc(s.created)},
		{Pattern: "GET /setup/installed", Handler: http.HandlerFunc(s.installed)},
	}
}

// SetupPage is the content of the set-up pages. It has no secret.
type SetupPage struct {
	Title, Problem         words.Key
	AskCode                bool
	Secret                 string // of Secrets Manager, as configured or given
	SecretSet              bool   // by the configuration
	Personal, Organization string // the addresses at GitHub that take the manifest
	Owner, Manifest        string
	Install                string
	Checks                 []githubapp.Check
	AllOK                  bool
}

func (s *setup) showPage(w http.ResponseWriter, r *http.Request, status int, v SetupPage) {
	h := w.Header()
	if v.Manifest != "" {
		// The manifest is the app's only form that is sent to another origin.
		h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), "form-action 'self'", "form-action 'self' "+s.gitHubURL(), 1))
	}
	s.show(w, r, status, string(v.Title), v)
}

func (s *setup) gitHubURL() string { return strings.TrimRight(s.connection.config.GitHub.URL, "/") }

func (s *setup) page(w http.ResponseWriter, r *http.Request) {
	if s.connection.link.Load() != nil {
		s.showPage(w, r, http.StatusNotFound, SetupPage{Title: words.Key("GitHub is set up"), Problem: words.Key("There is nothing to set up. To begin anew, remove the App's file from the state folder, or the github section of the configuration, and start Pressrun again.")})
		return
	}
	s.askCode(w, r, http.StatusOK, s.connection.config.GitHub.KeySecret, "")
}

// askCode shows the first page of the set-up.
func (s *setup) askCode(w http.ResponseWriter, r *http.Request, status int, secret string, problem words.Key) {
	s.showPage(w, r, status, SetupPage{Title: words.Key("Set GitHub up"), AskCode: true, Secret: secret, SecretSet: s.connection.config.GitHub.KeySecret != "", Problem: problem})
}

// beginAtGitHub admits the holder of the code and shows the forms that lead to GitHub.
func (s *setup) beginAtGitHub(w http.ResponseWriter, r *http.Request) {
	if s.connection.link.Load() != nil {
		s.page(w, r)
		return
	}
	if !s.isCode(r.PostFormValue("code")) {
		s.log.Warn("somebody tried to set GitHub up with a wrong code")
		s.askCode(w, r, http.StatusForbidden, s.connection.config.GitHub.KeySecret, words.Key("This is not the code. It is in the log of pressrun serve, and changes with each start."))
		return
	}
	secret := cmp.Or(s.connection.config.GitHub.KeySecret, strings.TrimSpace(r.PostFormValue("secret")))
	if problem := s.secretProblem(r.Context(), secret); problem != "" {
		s.askCode(w, r, http.StatusUnprocessableEntity, secret, problem)
		return
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // G124: Secure wherever the app is reached by https
		Name: setupCookie, Value: s.keys.Mint(kindSetup, auth.Grant{KeptIn: secret, Until: ledger.Now().Add(setupLife)}), Path: "/setup",
		MaxAge: int(setupLife / time.Second), HttpOnly: true, Secure: strings.HasPrefix(s.connection.config.URL, "https://"), SameSite: http.SameSiteLaxMode,
	})
	owner := s.firstOwner()
	query := "?state=" + url.QueryEscape(s.keys.Mint(kindReturn, auth.Grant{Until: ledger.Now().Add(setupLife)}))
	s.showPage(w, r, http.StatusOK, SetupPage{
		Title: words.Key("Make the GitHub App"), Owner: owner, Manifest: githubapp.NewManifest(s.connection.config.URL, "Pressrun for "+owner, s.connection.anyProtectionRule(), s.connection.anyPreviews()).JSON(),
		Personal:     s.gitHubURL() + "/settings/apps/new" + query,
		Organization: s.gitHubURL() + "/organizations/" + url.PathEscape(owner) + "/settings/apps/new" + query,
	})
}

// secretProblem says why the App can't be stored in a secret of Secrets Manager; "" when it
// can, or none is named.
func (s *setup) secretProblem(ctx context.Context, secret string) words.Key {
	if secret == "" {
		return ""
	}
	if !config.IsSecretName(secret) {
		return words.Key("This is no name or ARN of a secret of AWS Secrets Manager: it has letters, digits and /_+=.@- only.")
	}
	if err := mayKeepIn(ctx, secret); err != nil {
		s.log.Error("the GitHub App can't be stored in AWS Secrets Manager", "error", err)
		return words.Key("The secret can't be used: AWS does not let Pressrun at it, or it holds something already. The log tells why.")
	}
	return ""
}

// firstOwner is the owner of the first site's repository.
func (s *setup) firstOwner() string {
	for _, name := range slices.Sorted(maps.Keys(s.connection.config.Sites)) {
		if s := s.connection.config.Sites[name]; s.Runner == config.RunnerGitHub {
			owner, _, _ := strings.Cut(s.GitHub.Repository, "/")
			return owner
		}
	}
	return ""
}

// holdsCookie says whether a caller holds the cookie of the set-up, and gives the name of
// the secret that is to store the App.
func (s *setup) holdsCookie(r *http.Request) (secret string, ok bool) {
	cookie, err := r.Cookie(setupCookie)
	if err != nil {
		return "", false
	}
	g, ok := s.keys.Check(kindSetup, cookie.Value, ledger.Now())
	return g.KeptIn, ok
}

// created is the page to which GitHub returns with the code for the App.
func (s *setup) created(w http.ResponseWriter, r *http.Request) {
	const again = words.Key("Begin again at /setup.")
	code := r.URL.Query().Get("code")
	secret, ok := s.holdsCookie(r)
	_, back := s.keys.Check(kindReturn, r.URL.Query().Get("state"), ledger.Now())
	if !ok || !back || code == "" || !s.open() {
		s.showPage(w, r, http.StatusForbidden, SetupPage{Title: words.Key("This did not come from a set-up begun here"), Problem: again})
		return
	}
	made, err := githubapp.Convert(r.Context(), s.connection.config.GitHub.APIURL, code, s.connection.transport)
	if err == nil {
		err = s.connection.credentials.keep(r.Context(), made, secret)
	}
	if err != nil {
		s.log.Error("the GitHub App can't be set up", "error", err)
		s.showPage(w, r, http.StatusBadGateway, SetupPage{Title: words.Key("The App could not be fetched"), Problem: words.Key("GitHub has made it, but Pressrun could not get or keep its key; the log tells why. Delete the App on GitHub. Begin again at /setup.")})
		return
	}
	link, err := s.connection.open(r.Context())
	if err != nil || link == nil {
		s.log.Error("the GitHub App can't be used", "error", err)
		s.showPage(w, r, http.StatusInternalServerError, SetupPage{Title: words.Key("The App can't be used"), Problem: words.Key("The log tells why.")})
		return
	}
	s.connection.link.Store(link)
	s.done()
	s.log.Info("the GitHub App was made", "app", made.AppID, "page", made.HTMLURL)
	s.showPage(w, r, http.StatusOK, SetupPage{Title: words.Key("Install the App"), Install: made.HTMLURL + "/installations/new"})
}

// installed is the page to which GitHub returns after the installation: it shows what is
// still missing.
func (s *setup) installed(w http.ResponseWriter, r *http.Request) {
	c, link := auth.From(r.Context()), s.connection.link.Load()
	_, ok := s.holdsCookie(r)
	if link == nil || !ok && (c == nil || c.Role != auth.Operator) {
		s.showPage(w, r, http.StatusForbidden, SetupPage{Title: words.Key("Set GitHub up"), Problem: words.Key("Only who set GitHub up within the last hour, or an operator, sees this page.")})
		return
	}
	v := SetupPage{Title: words.Key("GitHub is set up"), Checks: s.connection.examine(r.Context())}
	v.AllOK = !slices.ContainsFunc(v.Checks, func(c githubapp.Check) bool { return c.Result == githubapp.CheckFailed })
	s.showPage(w, r, http.StatusOK, v)
}

// examine checks what the GitHub sites' releases need; see githubapp.Examine.
func (c *connection) examine(ctx context.Context) []githubapp.Check {
	link := c.link.Load()
	if link == nil {
		return []githubapp.Check{{Name: "set-up", Result: githubapp.CheckFailed, Detail: "GitHub is not set up", Do: "open " + c.config.URL + "/setup with the code from the app's log"}}
	}
	var out []githubapp.Check
	for _, name := range slices.Sorted(maps.Keys(c.config.Sites)) {
		if c.config.Sites[name].Runner == config.RunnerGitHub {
			out = append(out, link.runner.Examine(ctx, name)...)
		}
	}
	return out
}
