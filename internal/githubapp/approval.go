package githubapp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/pressrun/pressrun/internal/text"
)

// EventProtectionRule is the webhook by which GitHub asks an App whether a job may begin (docs.github.com:
// custom deployment protection rules).
const EventProtectionRule = "deployment_protection_rule"

// Approval is a run that waits before a job with an environment until the App approves it.
type Approval struct {
	Site        string `json:"site"`
	Run         string `json:"run"`
	Environment string `json:"environment"`
}

// Approvals answer GitHub for runs that wait for approval.
type Approvals struct {
	links *links
	sites Sites
}

// ErrNoApproval says that GitHub no longer waits for an answer about a run.
var ErrNoApproval = errors.New("GitHub waits for no answer any more")

var callbackPath = regexp.MustCompile(`^repos/([^/]+/[^/]+)/actions/runs/([1-9][0-9]{0,18})/` + EventProtectionRule + `$`)

// Of reads from a webhook which run it asks about; false for webhooks of another kind, of
// a repository or environment that no site with a protection rule has, or whose callback
// is not at the configured API. The callback's address itself is never called: the
// answer's address is made from the configuration.
func (a Approvals) Of(hook Webhook) (Approval, bool) {
	if hook.Event != EventProtectionRule || hook.Action != "requested" {
		return Approval{}, false
	}
	base := a.links.base
	callback, err := url.Parse(hook.Callback)
	if err != nil || callback.Scheme != base.Scheme || !strings.EqualFold(callback.Host, base.Host) || callback.User != nil || callback.RawQuery != "" {
		return Approval{}, false
	}
	path, ok := strings.CutPrefix(callback.EscapedPath(), base.EscapedPath())
	m := callbackPath.FindStringSubmatch(path)
	if !ok || m == nil || !strings.EqualFold(m[1], hook.Repository) {
		return Approval{}, false
	}
	for _, name := range a.sites.Of(hook.Repository, "") {
		if s := a.sites[name]; s.ProtectionRule && s.Environment == hook.Environment {
			return Approval{Site: name, Run: m[2], Environment: hook.Environment}, true
		}
	}
	return Approval{}, false
}

// maxComment is the longest comment on an approval that GitHub accepts, in characters.
const maxComment = 1024

type review struct {
	Environment string `json:"environment_name"`
	State       string `json:"state,omitempty"`
	Comment     string `json:"comment"`
}

// Approve lets a run begin. It returns ErrNoApproval when GitHub no longer waits.
func (a Approvals) Approve(ctx context.Context, g Approval, comment string) error {
	return a.review(ctx, g, "approved", comment)
}

// Comment shows people at GitHub what a run waits for; GitHub accepts at most ten
// comments for a run.
func (a Approvals) Comment(ctx context.Context, g Approval, comment string) error {
	return a.review(ctx, g, "", comment)
}

func (a Approvals) review(ctx context.Context, g Approval, state, comment string) error {
	site, err := a.sites.find(g.Site)
	if err != nil {
		return err
	}
	to, err := a.links.to(ctx, site)
	if err != nil {
		return err
	}
	path := "repos/" + site.Repository + "/actions/runs/" + url.PathEscape(g.Run) + "/" + EventProtectionRule
	req, err := to.writes.NewRequest(http.MethodPost, path, review{Environment: g.Environment, State: state, Comment: text.Shorten(markdownText(comment), maxComment)})
	if err != nil {
		return fmt.Errorf("answer for run %s: %w", g.Run, err)
	}
	_, err = to.writes.Do(ctx, req, nil)
	if refused, ok := errors.AsType[*github.ErrorResponse](err); ok {
		switch refused.Response.StatusCode {
		case http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity:
			return fmt.Errorf("answer for run %s: %w: %w", g.Run, ErrNoApproval, err)
		}
	}
	if err != nil {
		return fmt.Errorf("answer for run %s: %w", g.Run, err)
	}
	return nil
}

// markdownText escapes people's text for Markdown: it makes no link, no mention, no markup.
func markdownText(plain string) string {
	var b strings.Builder
	for _, r := range extract(plain) {
		if strings.ContainsRune("\\`*_[]<>!|~@", r) {
			b.WriteRune('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
