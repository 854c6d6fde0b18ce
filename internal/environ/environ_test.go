package environ_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/environ"
	"github.com/pressrun/pressrun/internal/figures"
)

// given are secrets that builds get on purpose, and why.
var given = map[string]string{
	"AWS_ACCESS_KEY_ID":           "builds fetch from S3",
	"AWS_SECRET_ACCESS_KEY":       "builds fetch from S3",
	"AWS_SESSION_TOKEN":           "builds fetch from S3",
	"PREVIEW_TOKEN":               "tells one dispatch from another; the run's OIDC token is what lets it report",
	"AWS_SHARED_CREDENTIALS_FILE": "the name of a file; builds fetch from S3",

	"AWS_CONTAINER_CREDENTIALS_FULL_URI": "an address on this machine; builds fetch from S3",
	"AWS_WEB_IDENTITY_TOKEN_FILE":        "the name of a file; builds fetch from S3",
}

var (
	variable   = regexp.MustCompile(`\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b`)
	secretWord = regexp.MustCompile(`(^|_)(TOKEN|TOKENS|SECRET|SECRETS|KEY|KEYS|PASSWORD|PASSPHRASE|CREDENTIAL|CREDENTIALS|BEARER|SIGNATURE)(_|$)`)
)

// Whoever has the program read a new secret from the environment must keep it
// from builds, or say here why not. Every text of the program counts: names
// handed to os.Getenv, the tags of flags, their help.
func TestEverySecretThatTheProgramReadsIsKeptFromBuilds(t *testing.T) {
	named := map[string][]string{}
	for _, room := range []string{"app", "action", "cmd", "internal"} {
		for name, places := range variablesIn(t, filepath.Join("..", "..", room)) {
			named[name] = append(named[name], places...)
		}
	}
	for _, name := range variable.FindAllString(string(config.Schema()), -1) {
		named[name] = append(named[name], "the configuration's schema")
	}
	for _, must := range []string{
		"PRESSRUN_TOKEN", "PRESSRUN_DISPATCH_TOKEN", "PRESSRUN_CALLBACK_SECRET", "PRESSRUN_GITHUB_KEY", "PRESSRUN_GITHUB_TOKEN",
		"PRESSRUN_GITHUB_WEBHOOK_SECRET", "PRESSRUN_GITHUB_CALLBACK_SECRET", "FASTLY_API_TOKEN", "CLOUDFLARE_API_TOKEN",
		"PRESSRUN_CDN_WEBHOOK_SECRET", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "INPUT_TOKEN",
	} {
		if len(named[must]) == 0 {
			t.Errorf("the search does not find %s, which the program reads", must)
		}
	}
	for name, places := range named {
		if given[name] == "" && !environ.KeptFromBuilds(name) && secretWord.MatchString(name) {
			t.Errorf("a build would see the secret %s, named in %s", name, strings.Join(places, ", "))
		}
	}
}

// variablesIn finds what looks like the name of a variable in the texts of a
// folder's Go files, tests left out.
func variablesIn(t *testing.T, root string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Errorf("%s: %v", files.Position(lit.Pos()), err)
			}
			for _, name := range variable.FindAllString(text, -1) {
				found[name] = append(found[name], files.Position(lit.Pos()).String())
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestEveryCDNsSecretIsKeptFromBuilds(t *testing.T) {
	secrets := 0
	for _, kind := range cdn.Kinds() {
		name := cdn.SecretVariable(kind + ":somewhere")
		if name == "" {
			continue
		}
		secrets++
		if !environ.KeptFromBuilds(name) {
			t.Errorf("%s, the secret of %s, is not kept", name, kind)
		}
	}
	for _, name := range figures.Variables("cloudwatch:Pressrun datadog:datadoghq.com pushgateway:http://a otlp:http://a") {
		secrets++
		if !environ.KeptFromBuilds(name) {
			t.Errorf("%s, a secret of where figures go, is not kept", name)
		}
	}
	if secrets < 6 {
		t.Errorf("only %d CDNs and systems have a secret", secrets)
	}
}

func TestWhatABuildSees(t *testing.T) {
	all := []string{
		"PATH=/bin", "AWS_SECRET_ACCESS_KEY=a", "GITHUB_SHA=1", "CMS_TOKEN=its own", "ACTIONS_CACHE_URL=u", "odd", "=C:=C:\\",
		"PRESSRUN_TOKEN=s", "pressrun_token=s", "INPUT_TOKEN=s", "STATE_x=s", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=s",
		"ACTIONS_RUNTIME_TOKEN=s", "FASTLY_API_TOKEN=s", "Cloudflare_Api_Token=s", "PRESSRUN_CDN_WEBHOOK_SECRET=s",
	}
	before := slices.Clone(all)
	if diff := cmp.Diff(all[:7], environ.ForBuild(all)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(before, all); diff != "" {
		t.Errorf("its argument changed (-before +after)\n%s", diff)
	}
}

func TestWhatARunOnThisMachineInherits(t *testing.T) {
	all := []string{
		"PATH=/bin", "AWS_SECRET_ACCESS_KEY=a", "CMS_TOKEN=its own", "FASTLY_API_TOKEN=f", "PRESSRUN_CDN_WEBHOOK_SECRET=w",
		"CLOUDFLARE_API_TOKEN=c", "PRESSRUN_GITHUB_KEY=k", "GITHUB_RUN_ID=1", "ACTIONS_RUNTIME_TOKEN=s", "RUNNER_TEMP=/t", "INPUT_URL=u", "STATE_a=1",
	}
	for secret, want := range map[string][]string{
		"":                            all[:3],
		"FASTLY_API_TOKEN":            all[:4],
		"PRESSRUN_CDN_WEBHOOK_SECRET": {all[0], all[1], all[2], all[4]},
	} {
		if diff := cmp.Diff(want, environ.ForRun(all, secret)); diff != "" {
			t.Errorf("with the secret %q (-want +got)\n%s", secret, diff)
		}
	}
}

func TestWhatIsKeptIsToldInFull(t *testing.T) {
	kept := environ.Kept()
	for _, name := range kept {
		if !environ.KeptFromBuilds(name) {
			t.Errorf("%s is told and not kept", name)
		}
	}
	for _, want := range []string{"PRESSRUN_", "FASTLY_API_TOKEN", "CLOUDFLARE_API_TOKEN"} {
		if !slices.Contains(kept, want) {
			t.Errorf("%s is not told: %v", want, kept)
		}
	}
	if slices.Contains(kept, "PRESSRUN_CDN_WEBHOOK_SECRET") {
		t.Error("what PRESSRUN_ covers is told twice")
	}
}
