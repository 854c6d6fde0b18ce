package githubapp

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

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

// protectionRule looks, where a site has one configured, whether GitHub would
// ask the App: an environment without the rule lets every run begin at once, and
// an App that does not get the event would let them wait for ever.
func (e *examination) protectionRule(ctx context.Context, to *link) {
	if !e.site.ProtectionRule {
		return
	}
	if e.runner.options.Token != "" {
		e.failed(ruleCheck, "only a GitHub App can be asked whether a run may begin, and a token is in use", "set up a GitHub App, or take github.protection_rule out of the site")
		return
	}
	asked, err := e.subscribed(ctx)
	if err != nil {
		e.trouble(ruleCheck, err)
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
	app, err := e.runner.app()
	if err != nil {
		return false, err
	}
	found, _, err := app.Apps.FindRepositoryInstallation(ctx, e.site.owner(), e.site.name())
	if err != nil {
		return false, fmt.Errorf("look at the App's installation: %w", err)
	}
	return slices.Contains(found.Events, HookProtectionRule), nil
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
		e.trouble(ruleCheck, err)
		return
	}
	for _, rule := range found.Rules {
		if rule.Enabled && rule.App.ID == e.runner.options.AppID {
			e.ok(ruleCheck, "the App is asked before a job in "+extract(environment)+" begins")
			return
		}
	}
	e.failed(ruleCheck, fmt.Sprintf("the App is not asked before a job in %s begins: runs do not wait for the site's turn there", extract(environment)), "enable the App under "+where)
}
