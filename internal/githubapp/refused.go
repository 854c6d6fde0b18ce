package githubapp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v60/github"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
	"github.com/pressrun/pressrun/internal/text"
)

// refusals explain GitHub's refusals, and say what to do about them.
type refusals struct{ links *links }

// answer is the status and message of GitHub's refusal in an error; 0 when
// there is none.
func answer(err error) (status int, message string) {
	if e, ok := errors.AsType[*github.ErrorResponse](err); ok && e.Response != nil {
		return e.Response.StatusCode, e.Message
	}
	if e, ok := errors.AsType[*ghinstallation.HTTPError](err); ok && e.Response != nil {
		return e.Response.StatusCode, tokenRefusal(e)
	}
	return 0, ""
}

// tokenRefusal is GitHub's message in the refusal of a token. The library leaves the body
// unread; it is kept, since the error is examined again later.
func tokenRefusal(e *ghinstallation.HTTPError) string {
	body, err := io.ReadAll(io.LimitReader(e.Response.Body, 64<<10))
	_ = e.Response.Body.Close() // the body was read
	e.Response.Body = io.NopCloser(bytes.NewReader(body))
	var said struct {
		Message string `json:"message"`
	}
	if err != nil || json.Unmarshal(body, &said) != nil || said.Message == "" {
		return e.Message
	}
	return said.Message
}

// signingIn says whether an error comes from getting a token.
func signingIn(err error) bool {
	_, ok := errors.AsType[*ghinstallation.HTTPError](err)
	return ok
}

func isDisabled(err error) bool {
	status, message := answer(err)
	return status >= 400 && status < 500 && strings.Contains(message, "disabled workflow")
}

// refused explains GitHub's refusal for an operator; nil when an error is no refusal. The
// statuses are those of
// https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event; the
// messages are undocumented, and were observed.
func (r refusals) refused(site Site, err error) *runner.Refused {
	if moved, ok := errors.AsType[*movedError](err); ok {
		return &runner.Refused{Why: moved.Error(), Fault: release.FaultPressrun, Err: err}
	}
	status, message := answer(err)
	if status < 400 || status >= 500 || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests {
		return nil
	}
	why := r.refusalWords(site, err, status, message)
	if h, ok := errors.AsType[*hintedError](err); ok {
		why += "; " + h.hint
	}
	return &runner.Refused{Why: why, Fault: release.FaultPressrun, Err: err}
}

func (r refusals) refusalWords(site Site, err error, status int, message string) string {
	file := ".github/workflows/" + site.Workflow
	switch {
	case status == http.StatusUnauthorized && r.links.options.Token != "":
		return "GitHub does not accept the token: it has expired or was revoked; make a new one (Actions: read and write on " + site.Repository + ") and put it into github.token_file"
	case status == http.StatusUnauthorized:
		return fmt.Sprintf("GitHub does not accept the key of App %d: check github.app_id and github.key_file, and this machine's clock", r.links.options.AppID)
	case strings.Contains(strings.ToLower(message), "suspended"):
		return fmt.Sprintf("the GitHub App's installation on %s is suspended: unsuspend it in the organization's settings under GitHub Apps", site.Repository)
	case strings.Contains(strings.ToLower(message), "archived"):
		return site.Repository + " is archived: unarchive it, or mend the site's github.repository: nothing runs in an archived repository"
	case signingIn(err) && status == http.StatusNotFound:
		return fmt.Sprintf("the GitHub App's installation on %s is gone: install the App there again", site.Repository)
	case signingIn(err):
		return fmt.Sprintf("the App's installation on %s does not have the permissions that Pressrun needs, or not this repository: accept the App's permissions (Actions: read and write, Deployments: read and write) in the organization's settings under GitHub Apps", site.Repository)
	case strings.Contains(err.Error(), "find the App's installation"):
		return fmt.Sprintf("the GitHub App is not installed on %s, or there is no such repository: install it there, or mend the site's github.repository", site.Repository)
	case status == http.StatusForbidden:
		return fmt.Sprintf("GitHub does not allow Pressrun to start workflows in %s (%s): grant Actions: read and write", site.Repository, extract(message))
	case status == http.StatusNotFound:
		return fmt.Sprintf("there is no workflow %s on the default branch of %s, or Pressrun may not see it: commit the workflow, or mend the site's github.workflow", file, site.Repository)
	case strings.Contains(message, "disabled workflow"):
		return fmt.Sprintf("the workflow %s of %s is switched off: switch it on under Actions, at its \"Enable workflow\" button", file, site.Repository)
	case strings.Contains(message, "does not have 'workflow_dispatch' trigger"):
		return fmt.Sprintf("%s of %s has no \"on: workflow_dispatch\" on branch %s: add it (docs/github.md has the whole workflow)", file, site.Repository, site.Ref)
	case strings.Contains(message, "No ref found"):
		return fmt.Sprintf("%s has no branch or tag %s: mend the site's github.ref", site.Repository, site.Ref)
	case strings.Contains(message, "Unexpected inputs"):
		return fmt.Sprintf("%s of %s does not declare the inputs that Pressrun gives (%s): declare site, release, token, app_url and rollback_to under workflow_dispatch", file, site.Repository, extract(message))
	}
	return fmt.Sprintf("GitHub refused to start %s of %s: %s (%d)", file, site.Repository, extract(message), status)
}

// forgetAfter drops the cached links to a repository when a refusal may mean that they
// are out of date: the App was installed anew, permissions were granted.
func (r refusals) forgetAfter(site Site, err error) {
	status, _ := answer(err)
	if status == http.StatusUnprocessableEntity && !signingIn(err) {
		return
	}
	r.links.forgetRepository(site.Repository)
}

// extract makes one line of at most 300 characters of text from GitHub or a repository.
func extract(said string) string { return text.Shorten(text.OneLine(said), 300) }
