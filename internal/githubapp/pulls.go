package githubapp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// Pulls are the pull requests of the sites' repositories, and the workflows that
// preview them.
type Pulls struct{ runner *Runner }

// Pulls are the pull requests of the sites' repositories.
func (r *Runner) Pulls() Pulls { return Pulls{r} }

// Pull is a pull request.
type Pull struct {
	Head   string // its newest commit
	Fork   bool   // Head is in another repository, or in a deleted one
	Closed bool   // or merged
}

// ErrNoPull says that there is no such pull request.
var ErrNoPull = errors.New("there is no such pull request")

// OfPreviews are the names of the sites of a repository whose pull requests are
// previewed.
func (s Sites) OfPreviews(repository string) []string {
	var names []string
	for _, name := range s.Of(repository, "") {
		if s[name].Previews != "" {
			names = append(names, name)
		}
	}
	return names
}

func (p Pulls) to(ctx context.Context, name string) (*link, Site, error) {
	site, err := p.runner.options.Sites.find(name)
	if err != nil {
		return nil, site, err
	}
	to, err := p.runner.links.toPulls(ctx, site)
	return to, site, err
}

// MayWrite says whether a user may write to a site's repository (docs.github.com: get
// repository permissions for a user). Earlier contributions or membership in the
// organization do not count. The id must be the login's present one.
func (p Pulls) MayWrite(ctx context.Context, name, login string, id int64) (bool, error) {
	to, site, err := p.to(ctx, name)
	if err != nil {
		return false, err
	}
	found, _, err := to.reads.Repositories.GetPermissionLevel(ctx, site.owner(), site.name(), login)
	if code, _ := answer(err); code == http.StatusNotFound {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ask GitHub what %s may do in %s: %w", extract(login), site.Repository, err)
	}
	level := found.GetPermission() // GitHub answers write for "maintain", and read for "triage"
	return (level == "admin" || level == "write") && found.GetUser().GetID() == id, nil
}

// Get asks GitHub for the state of a pull request.
func (p Pulls) Get(ctx context.Context, name string, number int64) (Pull, error) {
	to, site, err := p.to(ctx, name)
	if err != nil {
		return Pull{}, err
	}
	found, _, err := to.reads.PullRequests.Get(ctx, site.owner(), site.name(), int(number))
	if code, _ := answer(err); code == http.StatusNotFound {
		return Pull{}, fmt.Errorf("pull request %d of %s: %w", number, site.Repository, ErrNoPull)
	}
	if err != nil {
		return Pull{}, fmt.Errorf("read pull request %d of %s: %w", number, site.Repository, err)
	}
	from, into := found.GetHead().GetRepo(), found.GetBase().GetRepo()
	return Pull{
		Head: found.GetHead().GetSHA(), Closed: found.GetState() != "open",
		Fork: from == nil || from.GetID() == 0 || from.GetID() != into.GetID(),
	}, nil
}

// Start dispatches the workflow of previews. Its errors are those of Dispatch.
func (p Pulls) Start(ctx context.Context, name, token string, inputs map[string]string) (release.Run, error) {
	site, err := p.workflow(name)
	if err != nil {
		return release.Run{}, err
	}
	p.runner.unsent.clear(token)
	inputs[inputSite], inputs[inputToken] = name, token
	ctx, sent := watchSending(ctx)
	run, err := p.runner.dispatch(ctx, site, inputs)
	if err != nil {
		return release.Run{}, p.runner.judge(ctx, site, token, err, sent)
	}
	return run, nil
}

// Find looks for the run that Start started with a token.
func (p Pulls) Find(ctx context.Context, name, token string) (runner.Finding, error) {
	site, err := p.workflow(name)
	if err != nil {
		return runner.Finding{}, err
	}
	return p.runner.find(ctx, site, token)
}

// workflow is the site with the workflow of previews as its workflow.
func (p Pulls) workflow(name string) (Site, error) {
	site, err := p.runner.options.Sites.find(name)
	if err == nil && site.Previews == "" {
		err = fmt.Errorf("pull requests of %s are not previewed", name)
	}
	site.Workflow = site.Previews
	return site, err
}

// maxCommentPages bounds how many pages of comments are searched for Pressrun's: 2,000 comments.
const maxCommentPages = 20

// Comment writes Pressrun's one comment on a pull request, and returns its id. It edits
// the comment with the id or, if that is 0 or deleted, the one that begins with the mark;
// if there is none it makes one. The mark is secret until the first comment with it is
// public, so that one must be Pressrun's.
func (p Pulls) Comment(ctx context.Context, name string, number, id int64, mark, body string) (int64, error) {
	to, site, err := p.to(ctx, name)
	if err != nil {
		return 0, err
	}
	first := "<!-- pressrun " + mark + " -->"
	comment := &github.IssueComment{Body: github.String(first + "\n" + body)}
	if id == 0 {
		if id, err = findComment(ctx, to, site, number, first); err != nil {
			return 0, err
		}
	}
	if id != 0 {
		_, _, err := to.writes.Issues.EditComment(ctx, site.owner(), site.name(), id, comment)
		if code, _ := answer(err); code != http.StatusNotFound {
			if err != nil {
				err = fmt.Errorf("edit comment %d of pull request %d of %s: %w", id, number, site.Repository, err)
			}
			return id, err
		}
	}
	made, _, err := to.writes.Issues.CreateComment(ctx, site.owner(), site.name(), int(number), comment)
	if err != nil {
		return 0, fmt.Errorf("comment on pull request %d of %s: %w", number, site.Repository, err)
	}
	return made.GetID(), nil
}

func findComment(ctx context.Context, to *link, site Site, number int64, first string) (int64, error) {
	for page := 1; page <= maxCommentPages; page++ {
		found, _, err := to.reads.Issues.ListComments(ctx, site.owner(), site.name(), int(number), &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: 100, Page: page}})
		if err != nil {
			return 0, fmt.Errorf("list the comments of pull request %d of %s: %w", number, site.Repository, err)
		}
		for _, c := range found {
			if strings.HasPrefix(c.GetBody(), first) {
				return c.GetID(), nil
			}
		}
		if len(found) < 100 {
			break
		}
	}
	return 0, nil
}
