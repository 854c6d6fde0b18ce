package githubapp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"

	"github.com/google/go-github/v60/github"
)

// movedError says that GitHub knows a site's repository under another name. It is
// reported and not followed: the site's runs sign in under the new name, and the next
// owner of the old name must not get the site's releases.
type movedError struct {
	from, to string // owner/name; to is "" when GitHub does not say
}

func (e *movedError) Error() string {
	if e.to == "" {
		return e.from + " was renamed or transferred, and Pressrun may not see where it is now: install the GitHub App there, and change the site's github.repository"
	}
	return fmt.Sprintf("%s is now called %s: change github.repository of the site", e.from, e.to)
}

// EventRepository is the webhook for, among others, a renamed or transferred repository
// (https://docs.github.com/en/webhooks/webhook-events-and-payloads#repository).
const EventRepository = "repository"

// calledBefore is the old name of a repository in a webhook of its renaming or transfer;
// "" in others.
func calledBefore(b webhookBody) string {
	owner, name, _ := strings.Cut(b.Repository.FullName, "/")
	from := b.Changes.Owner.From
	switch b.Action {
	case "renamed":
		return owner + "/" + b.Changes.Repository.Name.From
	case "transferred":
		return cmp.Or(from.Organization.Login, from.User.Login) + "/" + name
	}
	return ""
}

// Moved asks GitHub whether a site's repository has another name now, and says so in
// words; "" when it has not. An error means that this could not be found out.
func (r *Runner) Moved(ctx context.Context, name string) (string, error) {
	site, err := r.options.Sites.find(name)
	if err != nil {
		return "", err
	}
	to, err := r.links.to(ctx, site)
	if err == nil {
		var found *github.Repository
		if found, _, err = to.reads.Repositories.Get(ctx, site.owner(), site.name()); err == nil {
			err = movedFrom(site, found)
		}
	}
	if moved, ok := errors.AsType[*movedError](err); ok {
		return moved.Error(), nil
	}
	if err != nil {
		return "", fmt.Errorf("ask GitHub for %s: %w", site.Repository, err)
	}
	return "", nil
}

// redirected says whether GitHub redirected a call, as it does for repositories that were renamed or
// transferred
// (https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects).
func redirected(site Site, response *http.Response) bool {
	if response == nil {
		return false
	}
	switch response.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return response.Request != nil && !strings.Contains(strings.ToLower(response.Request.URL.Path)+"/", "/repos/"+strings.ToLower(site.Repository)+"/")
}

// explained adds to an error of a call about a site's repository the reason that another
// call finds: a new name, another default branch, other workflows.
func (r refusals) explained(ctx context.Context, site Site, err error) error {
	status, message := answer(err)
	e, _ := errors.AsType[*github.ErrorResponse](err)
	elsewhere := e != nil && e.Response != nil && !signingIn(err) && redirected(site, e.Response)
	if !elsewhere && status != http.StatusNotFound && status != http.StatusUnprocessableEntity && status != http.StatusForbidden {
		return err
	}
	if elsewhere || signingIn(err) || status == http.StatusNotFound {
		r.forgetAfter(site, err)
		if moved := r.movedTo(ctx, site, elsewhere); moved != nil {
			return moved
		}
	}
	if signingIn(err) {
		return err
	}
	if hint := r.hint(ctx, site, status, message); hint != "" {
		return &hintedError{err, hint}
	}
	return err
}

// hintedError is a refusal with a hint from another call.
type hintedError struct {
	error
	hint string
}

func (e *hintedError) Unwrap() error { return e.error }

// movedTo asks GitHub for the present name of a repository; nil when it is unchanged, or
// can't be seen.
func (r refusals) movedTo(ctx context.Context, site Site, elsewhere bool) error {
	to, err := r.links.to(ctx, site)
	if err == nil {
		var found *github.Repository
		if found, _, err = to.reads.Repositories.Get(ctx, site.owner(), site.name()); err == nil {
			return movedFrom(site, found)
		}
	}
	if moved, ok := errors.AsType[*movedError](err); ok {
		return moved
	}
	if elsewhere {
		return &movedError{from: site.Repository}
	}
	return nil
}

func movedFrom(site Site, found *github.Repository) error {
	if name := found.GetFullName(); name != "" && !strings.EqualFold(name, site.Repository) {
		return &movedError{from: site.Repository, to: name}
	}
	return nil
}

// hint names the workflows or the default branch of a repository that lacks the
// configured one; "" if they can't be read.
func (r refusals) hint(ctx context.Context, site Site, status int, message string) string {
	to, err := r.links.to(ctx, site)
	if err != nil {
		return ""
	}
	switch {
	case strings.Contains(message, "No ref found"):
		if found, _, err := to.reads.Repositories.Get(ctx, site.owner(), site.name()); err == nil && found.GetDefaultBranch() != site.Ref {
			return "its default branch is " + extract(found.GetDefaultBranch())
		}
	case status == http.StatusNotFound:
		found, _, err := to.reads.Actions.ListWorkflows(ctx, site.owner(), site.name(), &github.ListOptions{PerPage: 100})
		if err != nil || len(found.Workflows) == 0 {
			return ""
		}
		var names []string
		for _, w := range found.Workflows {
			if name := path.Base(w.GetPath()); name != site.Workflow {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			return "it has " + extract(strings.Join(names, ", "))
		}
	}
	return ""
}
