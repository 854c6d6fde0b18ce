package publish_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/test/servers"
)

// everyRight is what docs/deploy.md asks for.
func everyRight(user string) servers.Statement {
	return servers.Statement{
		Effect: "Allow", Principal: user, Action: []string{"s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"},
		Resource: []string{"arn:aws:s3:::site", "arn:aws:s3:::site/*"},
	}
}

func deny(user, action, path string) servers.Statement {
	return servers.Statement{Effect: "Deny", Principal: user, Action: []string{action}, Resource: []string{"arn:aws:s3:::site/" + path}}
}

// TestADeployThatTheStoreRefusesSaysWhatToDo holds the words and the exit code of
// what goes wrong before anything can be written. All but the last lines come
// from a real store.
func TestADeployThatTheStoreRefusesSaysWhatToDo(t *testing.T) {
	gw := servers.StartAccountsGW(t, "site")
	gw.AddUser(t, "powerless", "no-rights-at-all")
	silent := servers.FreeAddress(t) // of a machine whose role does not answer
	build := clitest.Build(t, map[string]string{"index.html": `<link rel="stylesheet" href="/a.css">`, "a.css": "a{}"})
	good := map[string]string{"AWS_ACCESS_KEY_ID": gw.AccessKey, "AWS_SECRET_ACCESS_KEY": gw.SecretKey}
	for _, c := range []struct {
		name string
		env  map[string]string // over good ones
		to   string
		args []string
		code int
		want string
	}{
		{name: "no credentials", env: map[string]string{"AWS_ACCESS_KEY_ID": ""}, code: exit.Failed, want: "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the job a role: "},
		{name: "half of the credentials", env: map[string]string{"AWS_SECRET_ACCESS_KEY": ""}, code: exit.Failed, want: "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the job a role: "},
		{name: "a role that does not answer", env: map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://" + silent}, code: exit.Failed, want: "no credentials were found: set AWS_ACCESS_KEY_ID"},
		{name: "no such profile", env: map[string]string{"AWS_PROFILE": "nobody"}, code: exit.Usage, want: "read the AWS configuration (check AWS_PROFILE, AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE): the AWS profile is not in the configuration files: check AWS_PROFILE"},
		{name: "wrong access key", env: map[string]string{"AWS_ACCESS_KEY_ID": "stranger"}, code: exit.Failed, want: "read s3://site/www/.pressrun/head: the access key is not known to the store: check AWS_ACCESS_KEY_ID: "},
		{name: "wrong secret key", env: map[string]string{"AWS_SECRET_ACCESS_KEY": "guessed"}, code: exit.Failed, want: "read s3://site/www/.pressrun/head: the secret key is wrong: check AWS_SECRET_ACCESS_KEY: "},
		{name: "wrong region", args: []string{"--region", "eu-west-9"}, code: exit.Failed, want: "read s3://site/www/.pressrun/head: the region is wrong for this bucket: set AWS_REGION to its region: "},
		{name: "no region", to: "s3://site/www", args: []string{"--endpoint", ""}, code: exit.Usage, want: "no region is set: set AWS_REGION to the bucket's region"},
		{name: "no such bucket", to: "s3://nowhere", code: exit.Failed, want: "read s3://nowhere/.pressrun/head: the bucket does not exist: check its name and --endpoint, or create it: "},
		{name: "no valid bucket", to: "s3://No_Bucket", code: exit.Failed, want: "the bucket's name is not valid: "},
		{name: "no rights", env: map[string]string{"AWS_ACCESS_KEY_ID": "powerless", "AWS_SECRET_ACCESS_KEY": "no-rights-at-all"}, code: exit.Failed, want: "read s3://site/www/.pressrun/head: access denied: the credentials lack the permission for this prefix (s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket are needed): "},
		{name: "an endpoint that is none", args: []string{"--endpoint", "localhost:7070"}, code: exit.Usage, want: `the endpoint "localhost:7070" is not a URL like https://s3.example.org`},
		{name: "no such host", args: []string{"--endpoint", "http://store.invalid"}, code: exit.Unreachable, want: "no such host store.invalid: check --endpoint and the region: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			ownCredentials(t, good, c.env)
			to := c.to
			if to == "" {
				to = "s3://site/www"
			}
			o := clitest.Run(t, clitest.Invocation{Args: append([]string{"deploy", build, to, "--site", "www", "--endpoint", gw.Endpoint}, c.args...)})
			if o.Code != c.code || !strings.HasPrefix(o.Err, "pressrun: ") || !strings.Contains(o.Err, c.want) || o.Out != "" {
				t.Errorf("exit code %d, want %d and %q:\n%s%s", o.Code, c.code, c.want, o.Out, o.Err)
			}
			if strings.Contains(o.Err, "PRESSRUN_URL") || strings.Contains(o.Err, gw.SecretKey) {
				t.Errorf("it speaks of the app, or tells a secret: %s", o.Err)
			}
		})
	}
	if left, err := os.ReadDir(filepath.Join(gw.Data, "site", "www")); err == nil && len(left) > 0 {
		t.Errorf("refused deploys wrote %v", left)
	}
}

// ownCredentials lets nothing of this machine's own AWS configuration through.
func ownCredentials(t *testing.T, sets ...map[string]string) {
	t.Helper()
	for _, name := range []string{"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for _, set := range sets {
		for name, value := range set {
			t.Setenv(name, value)
		}
	}
}

// TestADeployThatIsDeniedOnOnePrefix has every right but one.
func TestADeployThatIsDeniedOnOnePrefix(t *testing.T) {
	gw := servers.StartAccountsGW(t, "site")
	gw.AddUser(t, "deployer", "the-deployers-secret")
	ownCredentials(t, map[string]string{"AWS_ACCESS_KEY_ID": "deployer", "AWS_SECRET_ACCESS_KEY": "the-deployers-secret"})
	www := filepath.Join(gw.Data, "site", "www")
	first := clitest.Build(t, map[string]string{
		"index.html": `<link rel="stylesheet" href="/assets/a-0a1b2c3d4e.css">`, "assets/a-0a1b2c3d4e.css": "a{}", "news/index.html": "news",
	})
	second := clitest.Build(t, map[string]string{"index.html": `<link rel="stylesheet" href="/assets/b-0a1b2c3d4f.css">`, "assets/b-0a1b2c3d4f.css": "b{}"})
	deploy := func(build string) clitest.Outcome {
		return clitest.Run(t, clitest.Invocation{Args: []string{"deploy", build, "s3://site/www", "--site", "www", "--endpoint", gw.Endpoint, "--no-wait"}})
	}
	const put, list, del = "access denied: the credentials may not do s3:PutObject: a policy denies it expressly: ",
		"access denied: the credentials may not do s3:ListBucket: a policy denies it expressly: ",
		"access denied: the credentials may not do s3:DeleteObject: a policy denies it expressly: "
	all := everyRight("deployer")
	for _, c := range []struct {
		name   string
		denied []servers.Statement
		build  string
		code   int
		want   string
		live   string // in index.html afterwards
	}{
		{"the state can't be written", []servers.Statement{deny("deployer", "s3:PutObject", "www/.pressrun/*")}, first, exit.Failed, "write s3://site/www/.pressrun/head: " + put, ""},
		{"the bucket can't be listed", []servers.Statement{{Effect: "Deny", Principal: "deployer", Action: []string{"s3:ListBucket"}, Resource: []string{"arn:aws:s3:::site"}}}, first, exit.Failed, "list s3://site/www/: " + list, ""},
		{"assets can't be written", []servers.Statement{deny("deployer", "s3:PutObject", "www/assets/*")}, first, exit.Failed, "write s3://site/www/assets/a-0a1b2c3d4e.css: " + put, ""},
		{"allowed", nil, first, exit.OK, "release 1 is live", "a-0a1b2c3d4e.css"},
		{"new assets can't be written", []servers.Statement{deny("deployer", "s3:PutObject", "www/assets/b*")}, second, exit.Failed, "write s3://site/www/assets/b-0a1b2c3d4f.css: " + put, "a-0a1b2c3d4e.css"},
		{"the home page can't be written", []servers.Statement{deny("deployer", "s3:PutObject", "www/index.html")}, second, exit.Failed, "write s3://site/www/index.html: " + put, "a-0a1b2c3d4e.css"},
		{"nothing can be deleted", []servers.Statement{deny("deployer", "s3:DeleteObject", "www/news/*")}, second, exit.OK, "1 of 1 files could not be deleted, the first of them: delete s3://site/www/news/index.html: " + del, "b-0a1b2c3d4f.css"},
		{"allowed again", nil, second, exit.OK, "deleted    1", "b-0a1b2c3d4f.css"},
	} {
		gw.Policy(t, "site", append([]servers.Statement{all}, c.denied...)...)
		o := deploy(c.build)
		if o.Code != c.code || !strings.Contains(o.Out+o.Err, c.want) {
			t.Fatalf("%s: exit code %d, want %d and %q:\n%s%s", c.name, o.Code, c.code, c.want, o.Out, o.Err)
		}
		page, err := os.ReadFile(filepath.Join(www, "index.html"))
		if (err != nil) != (c.live == "") || !strings.Contains(string(page), c.live) {
			t.Fatalf("%s: the home page is %q, %v", c.name, page, err)
		}
		if _, err := os.Stat(filepath.Join(www, "assets", c.live)); err != nil && c.live != "" {
			t.Fatalf("%s: torn: %v", c.name, err)
		}
		if leased(t, filepath.Join(www, ".pressrun", "head")) {
			t.Fatalf("%s: the lease was not given back", c.name)
		}
	}
}

// leased tells whether a destination's head says that a deploy is under way.
func leased(t *testing.T, head string) bool {
	t.Helper()
	text, err := os.ReadFile(head)
	if os.IsNotExist(err) {
		return false
	}
	var h struct {
		Lease *struct{} `json:"lease"`
	}
	if err := json.Unmarshal(text, &h); err != nil {
		t.Fatal(err)
	}
	return h.Lease != nil
}
