package githubapp

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-github/v60/github"
)

// ErrNoBranch says that a repository has neither a branch nor a tag of a name.
var ErrNoBranch = errors.New("there is no such branch, and no such tag")

// mostTags bounds how many nested tags are followed.
const mostTags = 5

// Branch is the newest commit of a branch or, if there is none of that name, of a tag. It
// asks for the full ref: GitHub's other calls would take a name that looks like a commit
// for one, which may be a fork's.
func (p Pulls) Branch(ctx context.Context, name, branch string) (commit string, err error) {
	site, err := p.runner.options.Sites.find(name)
	if err != nil {
		return "", err
	}
	to, err := p.runner.links.toRefs(ctx, site)
	if err != nil {
		return "", noContents(err, site)
	}
	for _, kind := range []string{"heads/", "tags/"} {
		found, _, err := to.reads.Git.GetRef(ctx, site.owner(), site.name(), kind+branch)
		if code, _ := answer(err); code == http.StatusNotFound {
			continue
		}
		if err != nil {
			return "", noContents(err, site)
		}
		return commitOf(ctx, to, site, found.GetObject())
	}
	return "", fmt.Errorf("%s of %s: %w", branch, site.Repository, ErrNoBranch)
}

// commitOf is the commit of a branch or a tag: an annotated tag is an object of its own
// (git-scm.com/docs/git-tag).
func commitOf(ctx context.Context, to *link, site Site, at *github.GitObject) (string, error) {
	for range mostTags {
		if at.GetType() == "commit" {
			return at.GetSHA(), nil
		}
		if at.GetType() != "tag" {
			break
		}
		tag, _, err := to.reads.Git.GetTag(ctx, site.owner(), site.name(), at.GetSHA())
		if err != nil {
			return "", fmt.Errorf("read a tag of %s: %w", site.Repository, err)
		}
		at = tag.GetObject()
	}
	return "", fmt.Errorf("a tag of %s that leads to no commit: %w", site.Repository, ErrNoBranch)
}

// ErrNoContents says that the App may not read a repository's branches.
type ErrNoContents struct{ Repository string }

// Error implements error.
func (e *ErrNoContents) Error() string {
	return "the App may not read the branches of " + e.Repository + ": give it the permission Contents: read-only, and accept that for the installation"
}

// noContents turns the error for a missing permission into an ErrNoContents. GitHub
// refuses to make a token with a permission that was not granted with 422.
func noContents(err error, site Site) error {
	if code, _ := answer(err); code == http.StatusForbidden || code == http.StatusUnprocessableEntity {
		return &ErrNoContents{site.Repository}
	}
	return fmt.Errorf("look for a branch of %s: %w", site.Repository, err)
}
