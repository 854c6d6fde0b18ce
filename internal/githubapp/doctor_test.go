package githubapp

import (
	"os"
	"path/filepath"
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

func TestExamineReadsWorkflows(t *testing.T) {
	workflow, err := os.ReadFile(filepath.Join("..", "..", ".github", "workflows", "content-release.yml"))
	if err != nil {
		t.Fatal(err)
	}
	const inputs = "{site: {}, release: {}, token: {}, app_url: {}}"
	tests := []struct{ name, text, result, words string }{
		{"good", "run-name: x ${{ inputs.token }}\non: {workflow_dispatch: {inputs: " + inputs + "}}\n", CheckOK, ""},
		{"our own", string(workflow), CheckOK, ""},
		{"no trigger", "on: push\n", CheckFailed, "no \"on: workflow_dispatch\""},
		{"no inputs", "on: [push, workflow_dispatch]\n", CheckFailed, "does not declare the inputs site, release, token, app_url"},
		{"one input missing", "on: {workflow_dispatch: {inputs: {site: {}, release: {}, token: {}}}}\n", CheckFailed, "inputs app_url"},
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
