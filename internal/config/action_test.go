package config

import "testing"

func TestTheActionIsToldWhereAndHowToDeploy(t *testing.T) {
	env := Site{Deploy: Deploy{To: "s3://www", State: "s3://private/www", Rules: "/etc/pressrun/rules.json", CDN: CDN{Tags: true}}, Build: Build{Env: map[string]string{"ANALYTICS_ID": "UA-1", "TEXT": "two\nlines"}}}.ActionEnv()
	for name, want := range map[string]string{
		"PRESSRUN_TO": "s3://www", "PRESSRUN_CDN_TAGS": "true",
		"PRESSRUN_BUILD_ENV": "ANALYTICS_ID=\"UA-1\"\nTEXT=\"two\\nlines\"\n", "PRESSRUN_STATE": "s3://private/www", "PRESSRUN_RULES": "/etc/pressrun/rules.json",
	} {
		if env[name] != want {
			t.Errorf("%s is %q, want %q", name, env[name], want)
		}
	}
	if env := (Site{}).ActionEnv(); len(env) != 0 {
		t.Errorf("of a site that says nothing: %v", env)
	}
}

func TestARunGetsTheSecretOfItsOwnCDNOnly(t *testing.T) {
	for address, want := range map[string]string{"fastly:service": "FASTLY_API_TOKEN", "cloudfront:E1": "", "": ""} {
		if got := (Site{Deploy: Deploy{CDN: CDN{Address: address}}}).CDNSecret(); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}
