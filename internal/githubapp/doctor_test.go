package githubapp

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/test/fakegithub"
)

func TestExamineFindsWhatIsWrong(t *testing.T) {
	all := map[string]string{"actions": "write", "deployments": "write", "metadata": "read"}
	tests := []struct {
		name   string
		change func(b *bench, w *fakegithub.Workflow)
		check  string
		result string
		words  string
	}{
		{"all is well, the file unseen", func(*bench, *fakegithub.Workflow) {}, "workflow file", CheckUnknown, "look yourself"},
		{"not installed", func(b *bench, _ *fakegithub.Workflow) { b.repo.Installation = 0 }, "sign in", CheckFailed, "install it there"},
		{"permissions not granted", func(b *bench, _ *fakegithub.Workflow) { b.repo.Permissions = map[string]string{"metadata": "read"} }, "repository", CheckFailed, "accept the App's permissions"},
		{"no workflow", func(b *bench, w *fakegithub.Workflow) { delete(b.repo.Workflows, w.File) }, "workflow", CheckFailed, "commit the workflow"},
		{"switched off", func(_ *bench, w *fakegithub.Workflow) { w.State = "disabled_manually" }, "workflow", CheckFailed, "switch it on"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := start(t, fakegithub.Options{}, nil)
			b.github.Lock(func() {
				b.repo.Permissions = all
				tt.change(b, b.repo.Workflows["content-release.yml"])
			})
			checks := b.runner.Examine(t.Context(), "www")
			last := checks[len(checks)-1]
			if last.Name != tt.check || last.Result != tt.result || !strings.Contains(last.Detail+" "+last.Do, tt.words) {
				t.Errorf("the last check is %+v, want %s of %q with %q", last, tt.result, tt.check, tt.words)
			}
			for _, c := range checks[:len(checks)-1] {
				if c.Result != CheckOK {
					t.Errorf("a check before is %+v", c)
				}
			}
		})
	}
}

func TestExamineLooksAtTheProtectionRule(t *testing.T) {
	all := []string{"workflow_run", "workflow_job", EventProtectionRule}
	tests := []struct {
		name   string
		change func(b *bench)
		result string
		words  string
	}{
		{"all is well", func(*bench) {}, CheckOK, "is asked before a job in pro/duction 1 begins"},
		{"not enabled", func(b *bench) { b.repo.Environments["pro/duction 1"] = []int64{b.github.AppID + 1} }, CheckFailed, "enable the App under Settings, Environments, pro/duction 1"},
		{"no rule at all", func(b *bench) { b.repo.Environments["pro/duction 1"] = nil }, CheckFailed, "enable the App under"},
		{"no such environment", func(b *bench) { b.repo.Environments = nil }, CheckFailed, "mend the site's github.environment"},
		{"without the event", func(b *bench) { b.repo.Events = nil }, CheckFailed, "runs would wait for ever"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := start(t, fakegithub.Options{}, func(o *Options) {
				site := o.Sites["www"]
				site.ProtectionRule, site.Environment = true, "pro/duction 1"
				o.Sites["www"] = site
			})
			b.github.Lock(func() {
				b.repo.Events = all
				b.repo.Environments = map[string][]int64{"pro/duction 1": {b.github.AppID + 1, b.github.AppID}}
				tt.change(b)
			})
			checks := b.runner.Examine(t.Context(), "www")
			at := slices.IndexFunc(checks, func(c Check) bool { return c.Name == ruleCheck })
			if at < 0 {
				t.Fatalf("it is not checked: %+v", checks)
			}
			if c := checks[at]; c.Result != tt.result || !strings.Contains(c.Detail+" "+c.Do, tt.words) {
				t.Errorf("the check is %+v, want %s with %q", c, tt.result, tt.words)
			}
			if last := checks[len(checks)-1]; last.Name != "workflow file" {
				t.Errorf("nothing is checked after it: %+v", last)
			}
		})
	}
}

func TestAProtectionRuleNeedsAnApp(t *testing.T) {
	b := start(t, fakegithub.Options{}, func(o *Options) {
		site := o.Sites["www"]
		site.ProtectionRule = true
		o.Sites["www"] = site
		o.AppID, o.Signer, o.Token = 0, nil, "t"
	})
	b.github.AddToken("t", "acme/www")
	checks := b.runner.Examine(t.Context(), "www")
	at := slices.IndexFunc(checks, func(c Check) bool { return c.Name == ruleCheck })
	if at < 0 || checks[at].Result != CheckFailed || !strings.Contains(checks[at].Do, "set up a GitHub App") {
		t.Errorf("the checks are %+v", checks)
	}
}

func TestASiteWithoutAProtectionRuleIsNotCheckedForOne(t *testing.T) {
	b := start(t, fakegithub.Options{}, nil)
	if checks := b.runner.Examine(t.Context(), "www"); slices.ContainsFunc(checks, func(c Check) bool { return c.Name == ruleCheck }) {
		t.Errorf("the checks are %+v", checks)
	}
}

func TestExamineReadsWorkflows(t *testing.T) {
	workflow, err := os.ReadFile(filepath.Join("..", "..", ".github", "workflows", "content-release.yml"))
	if err != nil {
		t.Fatal(err)
	}
	const inputs = "{site: {}, release: {}, token: {}, app_url: {}, rollback_to: {}}"
	tests := []struct{ name, text, result, words string }{
		{"good", "run-name: x ${{ inputs.token }}\non: {workflow_dispatch: {inputs: " + inputs + "}}\n", CheckOK, ""},
		{"our own", string(workflow), CheckOK, ""},
		{"no trigger", "on: push\n", CheckFailed, "no \"on: workflow_dispatch\""},
		{"no inputs", "on: [push, workflow_dispatch]\n", CheckFailed, "does not declare the inputs site, release, token, app_url"},
		{"one input missing", "on: {workflow_dispatch: {inputs: {site: {}, release: {}, token: {}}}}\n", CheckFailed, "inputs app_url"},
		{"from before rollbacks", "run-name: x ${{ inputs.token }}\non: {workflow_dispatch: {inputs: {site: {}, release: {}, token: {}, app_url: {}}}}\n", CheckFailed, "does not declare the input rollback_to: releases work, and GitHub refuses every rollback"},
		{"no token in the name", "on: {workflow_dispatch: {inputs: " + inputs + "}}\n", CheckFailed, "run-name"},
		{"no YAML", "on: [\n", CheckFailed, "not YAML"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := start(t, fakegithub.Options{}, func(o *Options) { o.AppID, o.Signer, o.Token = 0, nil, "t" })
			b.github.AddToken("t", "acme/www")
			b.github.Lock(func() { b.repo.Workflows["content-release.yml"].Text = tt.text })
			checks := b.runner.Examine(t.Context(), "www")
			last := checks[len(checks)-1]
			if last.Name != "workflow file" || last.Result != tt.result || !strings.Contains(last.Detail, tt.words) {
				t.Errorf("the check is %+v", last)
			}
		})
	}
}
