package runenv

import (
	"testing"

	"github.com/pressrun/pressrun/internal/config"
)

func TestTheActionIsToldWhereAndHowToDeploy(t *testing.T) {
	env := Of(config.Site{Deploy: config.Deploy{To: "s3://www", State: "s3://private/www", Rules: "/etc/pressrun/rules.json", CDN: config.CDN{Tags: true}}, Build: config.Build{Env: map[string]string{"ANALYTICS_ID": "UA-1", "TEXT": "two\nlines"}}})
	for name, want := range map[string]string{
		"PRESSRUN_TO": "s3://www", "PRESSRUN_CDN_TAGS": "true",
		"PRESSRUN_BUILD_ENV": "ANALYTICS_ID=\"UA-1\"\nTEXT=\"two\\nlines\"\n", "PRESSRUN_STATE": "s3://private/www", "PRESSRUN_RULES": "/etc/pressrun/rules.json",
	} {
		if env[name] != want {
			t.Errorf("%s is %q, want %q", name, env[name], want)
		}
	}
	if env := Of(config.Site{}); len(env) != 0 {
		t.Errorf("of a site that says nothing: %v", env)
	}
}

func TestARunGetsTheSecretOfItsOwnCDNOnly(t *testing.T) {
	for address, want := range map[string]string{"fastly:service": "FASTLY_API_TOKEN", "cloudfront:E1": "", "": ""} {
		if got := CDNSecret(config.Site{Deploy: config.Deploy{CDN: config.CDN{Address: address}}}); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}
