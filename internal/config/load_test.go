package config_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/slots"
)

var update = flag.Bool("update", false, "write the expected files anew")

const hash = "790ac65772e4a7db2ec4127efeda3579ac9789e9731dfbd290a196d20add8fe5"

// small is the least that a configuration must say.
const small = `tokens:
  - {name: ada, role: operator, sha256: ` + hash + `}
sites:
  www:
    runner: local
    source: {folder: frontend}
    build: {output: public}
    deploy: {to: live}
`

func mustParse(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("pressrun.yaml", "/etc/pressrun", []byte(text))
	if err != nil {
		t.Fatalf("a good configuration is refused:\n%v", err)
	}
	return c
}

// Every file of testdata/bad is refused with exactly the text of its .want.
func TestMistakesAreToldWithTheirPlace(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d bad configurations (%v), expected 20 or more", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = config.Parse("pressrun.yaml", "/etc/pressrun", text)
			if _, ok := errors.AsType[*config.Error](err); !ok {
				t.Fatalf("got %T %v, expected a *config.Error", err, err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".want", err.Error()+"\n")
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got; go test -update writes %s anew)\n%s", file, diff)
	}
}

func TestSecretsAreNotRepeatedInErrors(t *testing.T) {
	for _, text := range []string{
		strings.Replace(small, hash, "prt_TopSecretTokenItself", 1),
		"url: https://ada:TopSecretTokenItself@pressrun.example.gov\n" + small,
		strings.Replace(small, "folder: frontend", "git: 'https://x:TopSecretTokenItself@github.com/a/b'", 1),
		strings.Replace(small, "to: live", "to: 's3://key:TopSecretTokenItself@bucket'", 1),
		strings.Replace(small, "to: live", "to: s3://b, state: 's3://key:TopSecretTokenItself@bucket'", 1),
	} {
		_, err := config.Parse("pressrun.yaml", "/etc/pressrun", []byte(text))
		if err == nil || strings.Contains(err.Error(), "TopSecret") {
			t.Errorf("expected an error without the secret, got: %v", err)
		}
	}
}

func TestDefaults(t *testing.T) {
	c := mustParse(t, small)
	www := c.Sites["www"]
	got := map[string]any{
		"listen": c.Listen, "url": c.URL, "state": c.State, "access": c.Pages.Access,
		"title": www.Title, "zone": www.TimeZone, "index": www.Check.Index,
		"source": www.Source.Folder, "deploy": www.Deploy.To,
	}
	want := map[string]any{
		"listen": "127.0.0.1:8080", "url": "http://127.0.0.1:8080", "state": "/etc/pressrun/state", "access": "token",
		"title": "www", "zone": "UTC", "index": "index.html",
		"source": "/etc/pressrun/frontend", "deploy": "file:///etc/pressrun/live",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	plain := release.DefaultPolicy()
	plain.Share.Runner = "local"
	if diff := cmp.Diff(plain, www.Policy()); diff != "" {
		t.Errorf("the policy of a site that sets nothing (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(release.DefaultPolicy(), config.Site{}.Policy()); diff != "" {
		t.Errorf("the policy of a site that was not loaded (-want +got)\n%s", diff)
	}
}

func TestACDNIsWhatTheFileSays(t *testing.T) {
	c := mustParse(t, strings.Replace(small, "deploy: {to: live}", `url: https://www.example.gov
    deploy:
      to: live
      verify_pages: 0
      redirect_store: arn:aws:cloudfront::123456789012:key-value-store/1-2
      cdn: {address: "cloudflare:Z", tags: true, clean_urls: true, not_found_cached: true, secret_file: cdn.token}`, 1))
	none := 0
	want := config.Deploy{
		To: "file:///etc/pressrun/live", VerifyPages: &none, RedirectStore: "arn:aws:cloudfront::123456789012:key-value-store/1-2",
		CDN: config.CDN{Address: "cloudflare:Z", Tags: true, CleanURLs: true, NotFoundCached: true, SecretFile: "/etc/pressrun/cdn.token"},
	}
	if diff := cmp.Diff(want, c.Sites["www"].Deploy); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if n := mustParse(t, small).Sites["www"].Deploy.VerifyPages; n == nil || *n != 10 {
		t.Errorf("a site that says nothing has %v pages looked at", n)
	}
}

func TestRulesAndStateAreWhatTheFileSays(t *testing.T) {
	c := mustParse(t, strings.Replace(small, "deploy: {to: live}", "deploy: {to: s3://www, state: s3://private/www, rules: rules.json}", 1))
	if d := c.Sites["www"].Deploy; d.State != "s3://private/www" || d.Rules != "/etc/pressrun/rules.json" {
		t.Errorf("%+v", d)
	}
}

func TestAWebhooksAddressIsNotRepeated(t *testing.T) {
	_, err := config.Parse("pressrun.yaml", "/etc/pressrun", []byte(strings.Replace(small, "deploy: {to: live}", `deploy:
      to: live
      cdn:
        address: "webhook:http://hooks.example.org/TopSecret"`, 1)))
	if err == nil || strings.Contains(err.Error(), "TopSecret") || !strings.Contains(err.Error(), "sites.www.deploy.cdn.address") {
		t.Errorf("the mistake is told as: %v", err)
	}
}

func TestSlotsAreWhatTheFileSays(t *testing.T) {
	c := mustParse(t, `slots: {total: 20, reserve_emergency: 2, local: 4, github: 16, per_installation: 8, per_group: 3, groups: {agency-north: 5}}
`+strings.Replace(small, "www:\n    runner: local", `docs: {runner: github, github: {repository: Acme/docs}}
  www:
    group: agency-north
    lane: preview
    runner: local`, 1))
	want := slots.Limits{Total: 20, Reserve: 2, Local: 4, GitHub: 16, PerInstallation: 8, PerGroup: 3, Groups: map[string]int{"agency-north": 5}}
	if diff := cmp.Diff(want, c.Slots.Limits()); diff != "" {
		t.Errorf("limits (-want +got)\n%s", diff)
	}
	for name, want := range map[string]release.Share{
		"www": {Group: "agency-north", Runner: "local", Preview: true}, "docs": {Runner: "github", Installation: "acme"},
	} {
		if got := c.Sites[name].Policy().Share; got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	if !mustParse(t, small).Slots.Limits().None() {
		t.Error("what is left out is bounded")
	}
}

func TestPolicyIsWhatTheFileSays(t *testing.T) {
	c := mustParse(t, strings.Replace(small, "runner: local", `runner: local
    quiet: 0s
    max_wait: 2m
    retry: []
    deadlines: {dispatch: 1m, dispatched: 2m, starting: 3m, in_progress: 4m, complete: 5m, silence: 30s, no_knowledge: 50m}
    freezes: [{from: 2026-12-24T18:00:00+01:00, to: 2026-12-26T06:00:00Z, why: Christmas}]`, 1))
	want := release.Policy{
		Quiet: 0, MaxWait: 2 * time.Minute, RetryDelays: []time.Duration{},
		Deadlines: release.Deadlines{
			Dispatch: time.Minute, Dispatched: 2 * time.Minute, Starting: 3 * time.Minute,
			InProgress: 4 * time.Minute, Complete: 5 * time.Minute,
		},
		Silence: 30 * time.Second, LookEvery: release.DefaultPolicy().LookEvery, NoKnowledge: 50 * time.Minute,
		MaxUnchanged: 24 * time.Hour,
		Freezes: []release.Window{{
			From: time.Date(2026, 12, 24, 17, 0, 0, 0, time.UTC),
			To:   time.Date(2026, 12, 26, 6, 0, 0, 0, time.UTC), Why: "Christmas",
		}},
		Share: release.Share{Runner: "local"},
	}
	if diff := cmp.Diff(want, c.Sites["www"].Policy()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestRelativePathsCountFromTheFile(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "pressrun.yaml")
	if err := os.WriteFile(file, []byte("state: ../kept\n"+strings.Replace(small, "folder: frontend", "git: ./repo", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "repo"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(folder))
	c, err := config.Load(filepath.Join(filepath.Base(folder), "pressrun.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	www := c.Sites["www"]
	got := []string{c.State, www.Source.Git, www.Deploy.To}
	want := []string{filepath.Join(filepath.Dir(folder), "kept"), filepath.Join(folder, "repo"), "file://" + folder + "/live"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAliasesAndMerges(t *testing.T) {
	c := mustParse(t, small[:strings.Index(small, "  www:")]+`  www: &www
    runner: local
    quiet: 5s
    source: {folder: frontend}
    build: {output: public, env: {A: a}}
    deploy: {to: s3://live, region: us-east-1}
  www-staging:
    <<: *www
    quiet: 7s
    deploy: {to: staging}
`)
	staging := c.Sites["www-staging"]
	if staging.Quiet.Std() != 7*time.Second || staging.Deploy.Region != "" || staging.Build.Env["A"] != "a" || staging.Source.Folder != "/etc/pressrun/frontend" {
		t.Errorf("own keys override what is merged, and nothing else changes; got %+v", staging)
	}
}

// Editors of Windows begin a file with a byte order mark.
func TestAByteOrderMarkIsNoPartOfTheFile(t *testing.T) {
	if c := mustParse(t, "\ufeff"+small); len(c.Sites) != 1 {
		t.Errorf("read %+v", c)
	}
	_, err := config.Parse("pressrun.yaml", "/etc/pressrun", []byte("\ufefflisten: nowhere\n"+small))
	if err == nil || !strings.Contains(err.Error(), "pressrun.yaml:1:9: listen: ") {
		t.Errorf("the mistake is told as %v", err)
	}
}

func TestVariablesAreNotExpanded(t *testing.T) {
	t.Setenv("SECRET", "opened")
	c := mustParse(t, strings.Replace(small, "{output: public}", `{output: public, env: {A: "${SECRET} $SECRET"}}`, 1))
	if got := c.Sites["www"].Build.Env["A"]; got != "${SECRET} $SECRET" {
		t.Errorf("got %q", got)
	}
}

func TestListenIsOnLoopbackUnlessPeopleSignIn(t *testing.T) {
	for listen, open := range map[string]bool{
		"127.0.0.1:0": false, "localhost:8080": false, "[::1]:80": false, "127.9.9.9:1": false,
		"0.0.0.0:8080": true, ":8080": true, "10.1.2.3:80": true, "[::]:80": true, "pressrun:8080": true,
	} {
		mustParse(t, "listen: '"+listen+"'\n"+small)
		_, err := config.Parse("p", "/etc", []byte("listen: '"+listen+"'\npages: {access: loopback}\n"+small))
		if (err != nil) != open {
			t.Errorf("listen %s with pages.access loopback: got %v", listen, err)
		}
	}
}

func TestAMissingFileIsNoMistakeInIt(t *testing.T) {
	_, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"))
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// The parser takes minutes for some of them: they are refused without it.
func TestLargeAndDeepFilesAreRefusedUnread(t *testing.T) {
	for text, why := range map[string]string{
		strings.Repeat("#", 300<<10):               "more than 256 KiB",
		"sites: " + strings.Repeat("[", 100_000):   "brackets within brackets",
		"sites: " + strings.Repeat("{a: ", 50_000): "brackets within brackets",
	} {
		if _, err := config.Parse("p", "/", []byte(text)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("of %.20s... it said: %v", text, err)
		}
	}
}
