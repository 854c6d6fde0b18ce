package redact_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/redact"
)

// Shapes are put together here, so that no scanner takes this file for a leak.
var shapes = map[string]string{
	"GitHub, classic":          "ghp_" + strings.Repeat("aB3", 12),
	"GitHub, App":              "ghs_" + strings.Repeat("aB3", 12),
	"GitHub, fine-grained":     "github_pat_" + strings.Repeat("1A_b", 20),
	"GitLab":                   "glpat-" + strings.Repeat("a1B2", 5),
	"AWS":                      "AKIA" + "ABCDEFGHIJKLMNOP",
	"AWS, temporary":           "ASIA" + "ABCDEFGHIJKLMNOP",
	"Slack":                    "xoxb-" + "123456789012-abcdefghijkl",
	"Stripe":                   "sk_live_" + strings.Repeat("4eC3", 6),
	"Stripe, restricted":       "rk_test_" + strings.Repeat("4eC3", 6),
	"Google":                   "AIza" + strings.Repeat("aB3-_", 7),
	"npm":                      "npm_" + strings.Repeat("aB3d", 9),
	"SendGrid":                 "SG." + strings.Repeat("aB3d", 6) + "." + strings.Repeat("Ef5_", 10),
	"Contentful":               "CFPAT-" + strings.Repeat("aB3d", 10),
	"Mapbox":                   "sk.eyJ" + "1IjoiYWJjIn0.abcdefghijklmnopqrst",
	"Sentry":                   "sntrys_" + strings.Repeat("aB3d", 8),
	"Brevo":                    "xkeysib-" + strings.Repeat("a1b2", 16) + "-AbCd1234",
	"PlanetScale":              "pscale_pw_" + strings.Repeat("aB3d", 8),
	"Replicate":                "r8_" + strings.Repeat("aB3d", 9),
	"a JSON web token":         "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP-mB92K27",
	"a private key":            "-----BEGIN " + "PRIVATE KEY-----\nMIIEvQIBADANBgkqh\nkiG9w0BAQEF\n-----END " + "PRIVATE KEY-----",
	"a private key in one":     "-----BEGIN RSA " + "PRIVATE KEY-----\\nMIIEvQIBADANBgkqh\\n-----END RSA " + "PRIVATE KEY-----",
	"a private key, its start": "-----BEGIN OPENSSH " + "PRIVATE KEY----- | b3BlbnNzaC1rZXktdjEAAAAA",
	"a private key, its end":   "MIIEvQIBADANBgkqhkiG9w0BAQ | EFAASCBKcwggSj -----END EC " + "PRIVATE KEY-----",
}

func TestTokensAreKnownByTheirShape(t *testing.T) {
	for name, token := range shapes {
		for _, around := range []string{"%s", "token %s is bad", `{"a":"%s"}`, "(%s)"} {
			if got, want := redact.Text(fmt.Sprintf(around, token)), fmt.Sprintf(around, redact.Mask); strings.HasPrefix(around, "%s") && got != want || strings.Contains(got, token) {
				t.Errorf("%s: %q", name, got)
			}
		}
	}
}

func TestSecretsAreKnownByTheirPlace(t *testing.T) {
	for text, want := range map[string]string{
		"connecting to mysql://drupal:S3cr3t@db.internal/drupal":             "connecting to mysql://drupal:***@db.internal/drupal",
		"postgresql+asyncpg://u:p@ss:w0rd@db:5432/x?sslmode=require":         "postgresql+asyncpg://u:***@db:5432/x?sslmode=require",
		"redis://:hunter2@cache:6379/0":                                      "redis://:***@cache:6379/0",
		"postgres://u:pa/ss@db/x":                                            "postgres://u:***@db/x",
		"https://0123456789abcdef0123456789abcdef@o1.ingest.io/1":            "https://***@o1.ingest.io/1",
		"Error 1045: app:letmein@tcp(10.0.0.1:3306)/cms":                     "Error 1045: app:***@tcp(10.0.0.1:3306)/cms",
		"GET https://a/b?page=2&access_token=abc123&x=1":                     "GET https://a/b?page=2&access_token=***&x=1",
		"https://s3/b/k?X-Amz-Expires=60&X-Amz-Signature=fe5f80&v=1":         "https://s3/b/k?X-Amz-Expires=60&X-Amz-Signature=***&v=1",
		"https://s3/k?X-Amz-Credential=a%2F2026&X-Amz-Date=1":                "https://s3/k?X-Amz-Credential=***&X-Amz-Date=1",
		"https://s3/k?X-Amz-Security-Token=IQoJb3":                           "https://s3/k?X-Amz-Security-Token=***",
		"https://x.blob/c?sv=2024&sig=a%2Bb%3D%3D":                           "https://x.blob/c?sv=2024&sig=***",
		"POST https://api.netlify.com/build_hooks/5f3c1d2e9a8b7c6d5e4f":      "POST https://api.netlify.com/build_hooks/***",
		"https://api.vercel.com/v1/integrations/deploy/prj_aB3/xY9zK2":       "https://api.vercel.com/v1/integrations/deploy/***",
		"https://discord.com/api/webhooks/1234567/aB3-_dEfGhIj":              "https://discord.com/api/webhooks/1234567/***",
		"https://acme.webhook.office.com/webhookb2/aB3d@1/IncomingWebhook/x": "https://acme.webhook.office.com/webhookb2/***",
		"https://hooks.zapier.com/hooks/catch/123456/abcdef/":                "https://hooks.zapier.com/hooks/catch/***",
		"https://api.telegram.org/bot123456:AAEabcdefghijklmnopqrstu/x":      "https://api.telegram.org/bot***/x",
		"https://cms/?password=hunter2":                                      "https://cms/?password=***",
		"https://maps/api?key=abcdef123&v=3":                                 "https://maps/api?key=***&v=3",
		"Authorization: Bearer abc.def":                                      "Authorization: Bearer ***",
		`{"Authorization":"Basic dTpw"}`:                                     `{"Authorization":"Basic ***"}`,
		"authorization: token 12345abc":                                      "authorization: token ***",
		"curl -H 'X-Api-Key: k123456' https://a":                             "curl -H 'X-Api-Key: ***' https://a",
		"PRIVATE-TOKEN: abcd1234":                                            "PRIVATE-TOKEN: ***",
		"sent Bearer abcdefghijkl1234":                                       "sent Bearer ***",
		"PGPASSWORD=pg99 psql":                                               "PGPASSWORD=*** psql",
		`export DB_PASS="two words"`:                                         `export DB_PASS="***"`,
		"MYSQL_PWD: s3cr3t":                                                  "MYSQL_PWD: ***",
		`{"clientSecret": "abc", "name": "x"}`:                               `{"clientSecret": "***", "name": "x"}`,
		"'db_password' => 'abc',":                                            "'db_password' => '***',",
		"Server=db;User Id=sa;Password=hunter2;AccountKey=ab+/==":            "Server=db;User Id=sa;Password=***;AccountKey=***",
		"host=db user=x password=abc dbname=y":                               "host=db user=x password=*** dbname=y",
		"mysqldump --user x --password hunter2 db":                           "mysqldump --user x --password *** db",
		"curl -u admin:hunter2 https://a":                                    "curl -u admin:*** https://a",
		"Set-Cookie: sid=abcdef; Path=/":                                     "Set-Cookie: ***",
	} {
		if diff := cmp.Diff(want, redact.Text(text)); diff != "" {
			t.Errorf("%q (-want +got)\n%s", text, diff)
		}
	}
}

func TestWhatIsNoSecretStays(t *testing.T) {
	for _, text := range []string{
		"http://localhost:3000/@vite/client and http://registry:4873/lodash@1.0.0",
		"npm warn deprecated glob@7.2.3: https://github.com/isaacs/node-glob",
		"SyntaxError: Unexpected token: punc (;)", "error: token expired", "password: required",
		"PWD=/srv/site OLDPWD=/srv", "TOKEN_FILE=/run/token SSH_AUTH_SOCK=/tmp/a CACHE_KEY=main-linux",
		"DEBUG_TOKEN=true", "API_KEY=${API_KEY}", "API_KEY=***", "see git@github.com:acme/www.git and ssh://git@github.com/acme/www",
		"Basic configuration of everything", "/docs?page=2&sort=key", "react: key=item-1", "src/token.ts:3:5: message",
		"src/a.ts:3:5 - error TS1005: ';' expected.", "ERROR: build failed", "npm ERR! code ELIFECYCLE",
	} {
		if got := redact.Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestNamesOfSecrets(t *testing.T) {
	for _, name := range strings.Fields(`PGPASSWORD MYSQL_PWD ALGOLIA_ADMIN_KEY GH_PAT SENTRY_DSN CMS_TOKEN DB_SECRET DB_PASS AWS_CREDENTIALS
		BASIC_AUTH DB_CONNECTION_STRING AZURE_STORAGE_CONNECTION_STRING NETRC AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY accessToken apiKey X-Amz-Signature
		NPM_AUTH_TOKEN COMPOSER_AUTH AUTHTOKEN SMTP_PASSWD DEPLOY_KEY_PROD CONNECTION_STRING client-secret PGPASSWORD_REPLICA
		LDAP_BIND_PW DB_PIN TOTP_SEED VAULT_UNSEAL_1 STORAGE_SAS SSHPASS WALLET_MNEMONIC`) {
		if !redact.IsSecretName(name) {
			t.Errorf("%s is not taken for a secret", name)
		}
	}
	for _, name := range strings.Fields(`PWD OLDPWD PATH MONKEY TOKENIZERS GIT_ASKPASS SSH_AUTH_SOCK TOKEN_FILE PUBLIC_KEY CACHE_KEY KEYBOARD AUTHOR
		PASSWORD_MIN_LENGTH SECRET_NAME TOKEN_URL COMPASS BYPASS key auth DATABASE_URL PATTERN
		pin pw sas SPIN OPTIONS SASS KICKING UNSEALED PINNED_VERSION`) {
		if redact.IsSecretName(name) {
			t.Errorf("%s is taken for a secret", name)
		}
	}
}

func TestKnownSecretsAreFoundInAllTheirForms(t *testing.T) {
	const secret = `to/k+en "a'b$c`
	var r redact.Redactor
	r.Add(secret)
	quoted, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{
		"plain": secret, "query": url.QueryEscape(secret), "path": url.PathEscape(secret),
		"JSON": string(quoted), "JSON, escaped slash": `to\/k+en \"a'b$c`, "shell": `'to/k+en "a'\''b$c'`, "printf": `to/k+en\ \"a\'b\$c`,
		"query in a query": url.QueryEscape("https://h/?t=" + url.QueryEscape(secret)), "HTML": `to/k+en &quot;a&#x27;b$c`, "Go's HTML": `to/k+en &#34;a&#39;b$c`,
		"hex": hex.EncodeToString([]byte(secret)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(secret))),
	}
	texts["percent in lower case"] = strings.NewReplacer("%2F", "%2f", "%2B", "%2b").Replace(url.QueryEscape(secret))
	for name, text := range texts {
		if got := r.Text("x " + text + " y"); !strings.Contains(got, "***") || strings.Contains(got, "en") {
			t.Errorf("%s: %s", name, got)
		}
	}
	for _, before := range []string{"", "u", "u:", "us:", "user:"} {
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			encoded := encoding.EncodeToString([]byte(before + secret + "!"))
			if got := r.Text(encoded); len(got) > 3+8+8 || !strings.Contains(got, "***") {
				t.Errorf("%q in base64: %s of %s", before, got, encoded)
			}
		}
	}
}

func TestTheSecretsOfAnEnvironment(t *testing.T) {
	var r redact.Redactor
	r.Allow("acme-www")
	r.Add(redact.Secrets(map[string]string{
		"DATABASE_URL": "mysql://u:S3cr3t%2FPass@db/x", "BASIC_AUTH": "user:basicPass1", "DB_PASS": "hunter2", "API_KEY": "short",
		"DEBUG_SECRET": "production", "SITE_KEY": "acme-www", "DB_PASSWORD_FILE": "/run/secrets/db", "NODE_ENV": "developmental",
		"NETRC": "machine a login b password netrcPass1", "FIREBASE_CREDENTIALS": `{"project_id":"acme-project","private_key":"line-one-1\nline-two-2"}`,
		"COMPOSER_AUTH": `{"http-basic":{"repo.example":{"username":"username1","password":"composer1"}}}`, "STORE": "AccountName=abc;AccountKey=accountKey1==",
	})...)
	for _, secret := range []string{"S3cr3t/Pass", "S3cr3t%2FPass", "basicPass1", "hunter2", "netrcPass1", "line-one-1", "line-two-2", "composer1", "accountKey1=="} {
		if got := r.Text("is " + secret + " it"); got != "is *** it" {
			t.Errorf("%s: %s", secret, got)
		}
	}
	for _, word := range []string{"short", "production", "acme-www", "/run/secrets/db", "developmental", "acme-project", "username1"} {
		if got := r.Text("is " + word + " it"); !strings.Contains(got, word) {
			t.Errorf("%s: %s", word, got)
		}
	}
}

func TestOverlappingSecretsLeaveNothing(t *testing.T) {
	var r redact.Redactor
	r.Add("abcdefgh-1", "efgh-1234567")
	if got := r.Text("<abcdefgh-1234567>"); got != "<***>" {
		t.Error(got)
	}
}

func TestAWriterHidesWhatComesInPieces(t *testing.T) {
	var r redact.Redactor
	r.Add("s3cr3t-word")
	var out strings.Builder
	w := redact.NewWriter(&out, r.Text)
	for _, piece := range []string{"a s3cr", "3t-word\nb\r50%", "\r-----BEGIN PRIVATE", " KEY-----\nMIIEvQ\n", "abc\n-----END PRIVATE KEY-----\nlast s3cr3t-", "word"} {
		if n, err := w.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("a ***\nb\r50%\r***\n***\n***\n***\nlast ***", out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func FuzzText(f *testing.F) {
	for _, shape := range shapes {
		f.Add(shape, "s3cr3t-word")
	}
	f.Add("mysql://a:s3cr3t-word@b %s3cr3t-word", "s3cr3t-word")
	f.Fuzz(func(t *testing.T, text, secret string) {
		var r redact.Redactor
		r.Add(secret) // which may be too short or common
		got := r.Text(text + secret + text)
		if known := r.Known(); len(known) > 0 && strings.Contains(strings.ReplaceAll(got, redact.Mask, "\x00"), known[0]) {
			t.Errorf("%q is left in %q", known[0], got)
		}
	})
}

// BenchmarkText is a build's last words, and a line of its log, with 20 known secrets.
func BenchmarkText(b *testing.B) {
	var r redact.Redactor
	for i := range 20 {
		r.Add(fmt.Sprintf("secret-number-%04d/x", i))
	}
	line := "12:00:01 GET https://cms.example.org/api/pages?page=12&status=ok 200 in 12 ms: rendering news/2026/a-title.html\n"
	for name, text := range map[string]string{"line": line, "tail of 16 KiB": strings.Repeat(line, 16<<10/len(line))} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				r.Text(text)
			}
		})
	}
}
