package githubapp

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Check is the result of one check of the set-up, and what to do if it failed.
type Check struct {
	Site string `json:"site,omitempty"`
	Name string `json:"name"`
	// Result is ok, failed, or unknown if it could not be checked.
	Result string `json:"result"`
	// Detail describes the result, and Do what to do about it.
	Detail string `json:"detail,omitempty"`
	Do     string `json:"do,omitempty"`
}

// The results of a Check.
const (
	CheckOK      = "ok"
	CheckFailed  = "failed"
	CheckUnknown = "unknown"
)

// Examine checks the set-up at GitHub that a site's releases need. It only reads.
func (r *Runner) Examine(ctx context.Context, siteName string) []Check {
	site, err := r.options.Sites.find(siteName)
	if err != nil {
		return []Check{{Site: siteName, Name: "configuration", Result: CheckFailed, Detail: err.Error(), Do: "set the site's runner: github"}}
	}
	e := examination{links: r.links, refusals: r.refusals, site: site, name: siteName}
	to, err := r.links.to(ctx, site)
	if err != nil {
		e.trouble(ctx, "sign in", err)
		return e.checks
	}
	e.ok("sign in", "as "+r.links.who())
	if !e.repository(ctx, to) || !e.permissions(ctx, to) {
		return e.checks
	}
	e.protectionRule(ctx, to)
	e.previews(ctx)
	if e.workflow(ctx, to) {
		e.file(ctx, to)
	}
	return e.checks
}

func (l *links) who() string {
	if l.options.Token != "" {
		return "the owner of the token"
	}
	return fmt.Sprintf("GitHub App %d", l.options.AppID)
}

type examination struct {
	links    *links
	refusals refusals
	site     Site
	name     string
	checks   []Check
}

func (e *examination) ok(name, detail string) {
	e.checks = append(e.checks, Check{Site: e.name, Name: name, Result: CheckOK, Detail: detail})
}

func (e *examination) failed(name, detail, do string) {
	e.checks = append(e.checks, Check{Site: e.name, Name: name, Result: CheckFailed, Detail: detail, Do: do})
}

func (e *examination) unknown(name, detail, do string) {
	e.checks = append(e.checks, Check{Site: e.name, Name: name, Result: CheckUnknown, Detail: detail, Do: do})
}

// trouble adds an error as a failed check. It explains GitHub's refusals as for a dispatch.
func (e *examination) trouble(ctx context.Context, name string, err error) {
	err = e.refusals.explained(ctx, e.site, err)
	if refused := e.refusals.refused(e.site, err); refused != nil {
		e.refusals.forgetAfter(e.site, err)
		what, do, _ := strings.Cut(refused.Why, ": ")
		e.failed(name, what, do)
		return
	}
	e.unknown(name, extract(err.Error()), "see whether GitHub can be reached from here (https://www.githubstatus.com), then look again")
}

func (e *examination) repository(ctx context.Context, to *link) bool {
	found, _, err := to.reads.Repositories.Get(ctx, e.site.owner(), e.site.name())
	if err != nil {
		e.trouble(ctx, "repository", err)
		return false
	}
	if moved := movedFrom(e.site, found); moved != nil {
		e.trouble(ctx, "repository", moved)
		return false
	}
	if found.GetArchived() {
		e.failed("repository", e.site.Repository+" is archived", "unarchive it, or mend the site's github.repository: nothing runs in an archived repository")
		return false
	}
	e.ok("repository", found.GetFullName())
	return true
}

// permissions checks the App's permissions. The token was made with exactly those that
// are needed, and GitHub refuses to make one with more than was granted.
func (e *examination) permissions(ctx context.Context, to *link) bool {
	if !e.site.Deployments || e.links.options.Gitea {
		return true
	}
	if _, _, err := to.reads.Repositories.ListDeployments(ctx, e.site.owner(), e.site.name(), nil); err != nil {
		if status, _ := answer(err); status == http.StatusForbidden || status == http.StatusNotFound {
			e.failed("permissions", "Pressrun may not see deployments of "+e.site.Repository, "grant Deployments: read and write, or set the site's github.deployments: false")
			return false
		}
		e.trouble(ctx, "permissions", err)
		return false
	}
	e.ok("permissions", "actions and deployments")
	return true
}

func (e *examination) workflow(ctx context.Context, to *link) bool {
	found, _, err := to.reads.Actions.GetWorkflowByFileName(ctx, e.site.owner(), e.site.name(), e.site.Workflow)
	if err != nil {
		e.trouble(ctx, "workflow", err)
		return false
	}
	if state := found.GetState(); state != "active" && state != "disabled_inactivity" {
		e.failed("workflow", fmt.Sprintf("%s is switched off (%s)", found.GetPath(), extract(state)), "switch it on under Actions, at its \"Enable workflow\" button")
		return false
	}
	e.ok("workflow", found.GetPath())
	return true
}

// previews checks the permissions for previews, by their own token: releases work without it.
func (e *examination) previews(ctx context.Context) {
	if e.site.Previews == "" {
		return
	}
	do := "grant Issues: read and write, Pull requests: read-only and Deployments: read and write, and accept the change at the App's installation"
	to, err := e.links.toPulls(ctx, e.site)
	if err == nil {
		// Any call makes the token, which GitHub refuses if less was granted.
		_, _, err = to.reads.Repositories.ListDeployments(ctx, e.site.owner(), e.site.name(), nil)
	}
	switch status, _ := answer(err); {
	case err == nil:
		e.ok("previews", "comments, pull requests and deployments")
	case status == http.StatusForbidden, status == http.StatusNotFound, status == http.StatusUnprocessableEntity:
		e.failed("previews", "Pressrun may not comment on pull requests of "+e.site.Repository, do)
	default:
		e.trouble(ctx, "previews", err)
	}
}

// workflowFile has the fields of a workflow's file that Pressrun depends on.
type workflowFile struct {
	RunName string `yaml:"run-name"`
	On      any    `yaml:"on"`
}

// file checks the content of the workflow's file. That takes the permission to read
// contents, which Pressrun does not ask for: without it the result is unknown.
func (e *examination) file(ctx context.Context, to *link) {
	path := ".github/workflows/" + e.site.Workflow
	do := "look yourself: it must have \"on: workflow_dispatch\" with the inputs site, release, token, app_url and rollback_to (without the last, GitHub refuses every rollback), and the token in its run-name (docs/github.md)"
	req, err := to.reads.NewRequest(http.MethodGet, fmt.Sprintf("repos/%s/contents/%s?ref=%s", e.site.Repository, path, e.site.Ref), nil)
	if err != nil {
		e.unknown("workflow file", err.Error(), do)
		return
	}
	var content struct {
		Content  string `json:"content"`
		Encoding string `json:"encoding"`
	}
	if _, err := to.reads.Do(ctx, req, &content); err != nil {
		e.unknown("workflow file", "Pressrun may not read "+path+" on "+e.site.Ref+", or it is not there", do)
		return
	}
	text, err := decodeContent(content.Content, content.Encoding)
	if err != nil {
		e.unknown("workflow file", err.Error(), do)
		return
	}
	var w workflowFile
	if err := yaml.Unmarshal(text, &w); err != nil {
		e.failed("workflow file", path+" is not YAML", "mend it; actionlint says where it is wrong")
		return
	}
	e.contents(path, w)
}

func (e *examination) contents(path string, w workflowFile) {
	inputs, dispatchable := dispatchInputs(w.On)
	if !dispatchable {
		e.failed("workflow file", path+" has no \"on: workflow_dispatch\"", "add it (docs/github.md has the whole workflow)")
		return
	}
	var missing []string
	for _, name := range []string{inputSite, inputRelease, inputToken, inputAppURL} {
		if !slices.Contains(inputs, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		e.failed("workflow file", path+" does not declare the inputs "+strings.Join(missing, ", "), "declare them under workflow_dispatch, each of type string")
		return
	}
	if !strings.Contains(w.RunName, "inputs.token") {
		e.failed("workflow file", "the run-name of "+path+" does not have the token in it", "add ${{ inputs.token }} to run-name: by it Pressrun finds a run whose dispatch had no clear answer")
		return
	}
	if !slices.Contains(inputs, inputRollbackTo) {
		e.failed("workflow file", path+" does not declare the input "+inputRollbackTo+": releases work, and GitHub refuses every rollback", "declare it under workflow_dispatch, of type string, and give it to the step as rollback-to: ${{ inputs.rollback_to }} (docs/github.md)")
		return
	}
	e.ok("workflow file", "workflow_dispatch with its inputs, token in the run-name")
}

// dispatchInputs are the inputs that "on: workflow_dispatch" declares, and
// whether there is one: on may be a word, a list or a mapping.
func dispatchInputs(on any) ([]string, bool) {
	const trigger = "workflow_dispatch"
	switch on := on.(type) {
	case string:
		return nil, on == trigger
	case []any:
		return nil, slices.Contains(on, any(trigger))
	case map[string]any:
		found, ok := on[trigger]
		if !ok {
			return nil, false
		}
		var names []string
		if with, ok := found.(map[string]any); ok {
			if inputs, ok := with["inputs"].(map[string]any); ok {
				for name := range inputs {
					names = append(names, name)
				}
			}
		}
		return names, true
	}
	return nil, false
}

func decodeContent(text, encoding string) ([]byte, error) {
	if encoding != "base64" {
		return nil, fmt.Errorf("GitHub gave the file as %q", encoding)
	}
	out, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, "\n", ""))
	if err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	return out, nil
}

// enabledRules are the custom deployment protection rules of an environment
// (docs.github.com: REST, "Get all deployment protection rules for an
// environment"; it takes permission to read actions).
type enabledRules struct {
	Rules []struct {
		Enabled bool `json:"enabled"`
		App     struct {
			ID int64 `json:"id"`
		} `json:"app"`
	} `json:"custom_deployment_protection_rules"`
}

const ruleCheck = "protection rule"

// protectionRule checks, for a site with github.protection_rule, whether GitHub would ask
// the App: an environment without the rule lets every run begin at once, and with an App
// that does not get the event they would wait for ever.
func (e *examination) protectionRule(ctx context.Context, to *link) {
	if !e.site.ProtectionRule {
		return
	}
	if e.links.options.Token != "" {
		e.failed(ruleCheck, "only a GitHub App can be asked whether a run may begin, and a token is in use", "set up a GitHub App, or take github.protection_rule out of the site")
		return
	}
	asked, err := e.subscribed(ctx)
	if err != nil {
		e.trouble(ctx, ruleCheck, err)
		return
	}
	if !asked {
		e.failed(ruleCheck, "the App does not get the event Deployment protection rule: runs would wait for ever", "check that event among the App's events (Permissions & events), and accept the change at its installation")
		return
	}
	e.enabled(ctx, to)
}

// subscribed says whether the App's installation gets the event.
func (e *examination) subscribed(ctx context.Context) (bool, error) {
	app, err := e.links.app()
	if err != nil {
		return false, err
	}
	found, _, err := app.Apps.FindRepositoryInstallation(ctx, e.site.owner(), e.site.name())
	if err != nil {
		return false, fmt.Errorf("read the App's installation: %w", err)
	}
	return slices.Contains(found.Events, EventProtectionRule), nil
}

// enabled says whether the rule is enabled for the App in the environment.
func (e *examination) enabled(ctx context.Context, to *link) {
	environment := e.site.Environment
	where := fmt.Sprintf("Settings, Environments, %s, Deployment protection rules", extract(environment))
	path := fmt.Sprintf("repos/%s/environments/%s/deployment_protection_rules", e.site.Repository, url.PathEscape(environment))
	req, err := to.reads.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		e.unknown(ruleCheck, err.Error(), "look yourself: "+where)
		return
	}
	var found enabledRules
	if _, err := to.reads.Do(ctx, req, &found); err != nil {
		if status, _ := answer(err); status == http.StatusNotFound {
			e.failed(ruleCheck, fmt.Sprintf("%s has no environment %s, or custom protection rules can't be had there", e.site.Repository, extract(environment)),
				"make the environment, or mend the site's github.environment (private repositories need GitHub Enterprise for such rules)")
			return
		}
		e.trouble(ctx, ruleCheck, err)
		return
	}
	for _, rule := range found.Rules {
		if rule.Enabled && rule.App.ID == e.links.options.AppID {
			e.ok(ruleCheck, "the App is asked before a job in "+extract(environment)+" begins")
			return
		}
	}
	e.failed(ruleCheck, fmt.Sprintf("the App is not asked before a job in %s begins: runs do not wait for the site's turn there", extract(environment)), "enable the App under "+where)
}
