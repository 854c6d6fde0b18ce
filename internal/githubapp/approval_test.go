package githubapp

import "testing"

func TestOnlyTheKnownAPIAsksAboutGates(t *testing.T) {
	r, err := New(Options{APIURL: "https://ghe.example.gov/api/v3", Token: "t", Sites: map[string]Site{
		"www":  {Repository: "acme/www", Environment: "production", ProtectionRule: true},
		"open": {Repository: "acme/open", Environment: "production"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	good := Webhook{
		Event: EventProtectionRule, Action: "requested", Repository: "Acme/www", Environment: "production",
		Callback: "https://ghe.example.gov/api/v3/repos/acme/www/actions/runs/4711/deployment_protection_rule",
	}
	if g, ok := r.Approvals().Of(good); !ok || g != (Approval{Site: "www", Run: "4711", Environment: "production"}) {
		t.Errorf("got %+v, %v", g, ok)
	}
	for _, callback := range []string{
		"", "https://evil.example/api/v3/repos/acme/www/actions/runs/4711/deployment_protection_rule",
		"http://ghe.example.gov/api/v3/repos/acme/www/actions/runs/4711/deployment_protection_rule",
		"https://ghe.example.gov@evil.example/api/v3/repos/acme/www/actions/runs/4711/deployment_protection_rule",
		"https://u:p@ghe.example.gov/api/v3/repos/acme/www/actions/runs/4711/deployment_protection_rule",
		"https://ghe.example.gov/repos/acme/www/actions/runs/4711/deployment_protection_rule",
		"https://ghe.example.gov/api/v3/repos/acme/other/actions/runs/4711/deployment_protection_rule",
		"https://ghe.example.gov/api/v3/repos/acme/www/actions/runs/4711/../1/deployment_protection_rule",
		"https://ghe.example.gov/api/v3/repos/acme/www/actions/runs/-1/deployment_protection_rule",
		"https://ghe.example.gov/api/v3/repos/acme/www/actions/runs/4711/cancel", "%zz",
	} {
		bad := good
		bad.Callback = callback
		if g, ok := r.Approvals().Of(bad); ok {
			t.Errorf("%s is taken for %+v", callback, g)
		}
	}
	for name, change := range map[string]func(*Webhook){
		"another event":       func(n *Webhook) { n.Event = "workflow_run" },
		"another action":      func(n *Webhook) { n.Action = "completed" },
		"another environment": func(n *Webhook) { n.Environment = "staging" },
		"a site without the rule": func(n *Webhook) {
			n.Repository, n.Callback = "acme/open", "https://ghe.example.gov/api/v3/repos/acme/open/actions/runs/1/deployment_protection_rule"
		},
	} {
		bad := good
		change(&bad)
		if g, ok := r.Approvals().Of(bad); ok {
			t.Errorf("%s is taken for %+v", name, g)
		}
	}
}

func TestACommentHasNoMarkup(t *testing.T) {
	if got := markdownText("a\n[x](http://e) @all <b>"); got != `a \[x\](http://e) \@all \<b\>` {
		t.Errorf("got %s", got)
	}
}
