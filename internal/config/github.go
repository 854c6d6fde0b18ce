package config

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pressrun/pressrun/internal/pattern"
)

// GitHub says how the app reaches GitHub: as a GitHub App, which /setup makes,
// or with a token. Secrets are in files or in the environment, never here.
type GitHub struct {
	// Kind is "github" (github.com, GHES, data residency) or "gitea".
	Kind string `yaml:"kind" json:"kind,omitempty" jsonschema:"enum=github,enum=gitea,default=github"`
	// URL is the address that people use; needed only away from github.com.
	URL string `yaml:"url" json:"url,omitempty" jsonschema:"default=https://github.com"`
	// APIURL is the base of the API: https://HOST/api/v3 (GHES),
	// https://api.SUBDOMAIN.ghe.com, https://HOST/api/v1 (Gitea).
	APIURL string `yaml:"api_url" json:"api_url,omitempty" jsonschema:"default=https://api.github.com"`
	// AppID is the GitHub App's id; when left out, the App that /setup made is used.
	AppID int `yaml:"app_id" json:"app_id,omitempty" jsonschema:"minimum=1"`
	// KeyFile holds the App's private key, as GitHub hands it out (PEM); left
	// out, the environment variable PRESSRUN_GITHUB_KEY holds it.
	KeyFile string `yaml:"key_file" json:"key_file,omitempty"`
	// KMSKey is the id or ARN of an AWS KMS key (RSA_2048, SIGN_VERIFY) that
	// signs instead, so that the key is on no disk.
	KMSKey string `yaml:"kms_key" json:"kms_key,omitempty"`
	// KeySecret is the name or ARN of a secret of AWS Secrets Manager that
	// holds the App's private key (PEM), or the whole App as /setup writes it.
	KeySecret string `yaml:"key_secret" json:"key_secret,omitempty"`
	// TokenFile holds a token to use instead of an App.
	TokenFile string `yaml:"token_file" json:"token_file,omitempty"`
	// WebhookSecretFiles hold the webhooks' secrets: several while one is
	// being replaced. Or PRESSRUN_GITHUB_WEBHOOK_SECRET holds one.
	WebhookSecretFiles []string `yaml:"webhook_secret_files" json:"webhook_secret_files,omitempty"`
	// Issuer issues the runs' OIDC tokens: https://HOST/_services/token
	// (GHES), https://token.actions.SUBDOMAIN.ghe.com.
	Issuer string `yaml:"issuer" json:"issuer,omitempty" jsonschema:"default=https://token.actions.githubusercontent.com"`
	// CallbackSecretFiles hold secrets with which runs show who they are where
	// there is no OIDC (the workflow's secret PRESSRUN_CALLBACK_SECRET).
	CallbackSecretFiles []string `yaml:"callback_secret_files" json:"callback_secret_files,omitempty"`
}

// SiteGitHub says where on GitHub a site's releases run.
type SiteGitHub struct {
	// Repository is owner/name.
	Repository string `yaml:"repository" json:"repository,omitempty"`
	// Workflow is the name of its file in .github/workflows.
	Workflow string `yaml:"workflow" json:"workflow,omitempty" jsonschema:"default=content-release.yml"`
	// Ref is the branch or tag that is released.
	Ref string `yaml:"ref" json:"ref,omitempty" jsonschema:"default=main"`
	// Environment names the site among the repository's deployments.
	Environment string `yaml:"environment" json:"environment,omitempty" jsonschema:"default=production"`
	// Deployments says whether each release is shown as a deployment. Switch
	// it off when the workflow's job has an environment: of its own.
	Deployments *bool `yaml:"deployments" json:"deployments,omitempty" jsonschema:"default=true"`
	// ProtectionRule makes the app approve the environment's custom deployment protection
	// rule when it is the site's turn: a run then waits without holding a runner. The
	// rule must be enabled on the environment.
	ProtectionRule bool `yaml:"protection_rule" json:"protection_rule,omitempty" jsonschema:"default=false"`
	// Previews makes previews of pull requests, when somebody who may write to the
	// repository asks for one; no previews when left out.
	Previews *SitePreviews `yaml:"previews" json:"previews,omitempty"`
}

// SitePreviews says how pull requests are previewed.
type SitePreviews struct {
	// Workflow is the name of the file in .github/workflows that makes and removes
	// previews; see examples/previews/preview-pull-request.yml.
	Workflow string `yaml:"workflow" json:"workflow,omitempty" jsonschema:"default=preview-pull-request.yml"`
	// Address is the address of previews, with a * for the name.
	Address string `yaml:"address" json:"address,omitempty"`
	// Label is the label that asks for a preview of a pull request.
	Label string `yaml:"label" json:"label,omitempty" jsonschema:"default=preview"`
	// Content is what people may have previews built with: last (the content of the last
	// release), live (what the CMS has published), drafts. The first is the default. The
	// workflow must handle each of them.
	Content []string `yaml:"content" json:"content,omitempty" jsonschema:"enum=last,enum=live,enum=drafts"`
}

// Contents are what previews may be built with, at least one.
func (p SitePreviews) Contents() []string {
	if len(p.Content) == 0 {
		return []string{"last"}
	}
	return p.Content
}

// PreviewWorkflow is the workflow that previews pull requests; "" for none.
func (s SiteGitHub) PreviewWorkflow() string {
	if s.Previews == nil {
		return ""
	}
	return s.Previews.Workflow
}

// RunnerGitHub is the value of runner for sites that GitHub Actions carries out.
const RunnerGitHub = "github"

// The defaults of the github sections.
const (
	defaultGitHubURL   = "https://github.com"
	defaultAPIURL      = "https://api.github.com"
	defaultIssuer      = "https://token.actions.githubusercontent.com"
	defaultWorkflow    = "content-release.yml"
	defaultRef         = "main"
	defaultEnvironment = "production"
	defaultPreviews    = "preview-pull-request.yml"
	defaultLabel       = "preview"
)

func (g GitHub) withDefaults(folder string) GitHub {
	g.Kind = cmp.Or(g.Kind, "github")
	g.URL = cmp.Or(g.URL, defaultGitHubURL)
	g.APIURL = cmp.Or(g.APIURL, defaultAPIURL)
	g.Issuer = cmp.Or(g.Issuer, defaultIssuer)
	for _, file := range []*string{&g.KeyFile, &g.TokenFile} {
		if *file != "" {
			*file = absolute(folder, *file)
		}
	}
	g.WebhookSecretFiles = absoluteAll(folder, g.WebhookSecretFiles)
	g.CallbackSecretFiles = absoluteAll(folder, g.CallbackSecretFiles)
	return g
}

func absoluteAll(folder string, files []string) []string {
	var out []string
	for _, file := range files {
		out = append(out, absolute(folder, file))
	}
	return out
}

func (s SiteGitHub) withDefaults() SiteGitHub {
	s.Workflow = cmp.Or(s.Workflow, defaultWorkflow)
	s.Ref = cmp.Or(s.Ref, defaultRef)
	s.Environment = cmp.Or(s.Environment, defaultEnvironment)
	if s.Deployments == nil {
		yes := true
		s.Deployments = &yes
	}
	if s.Previews != nil {
		p := *s.Previews
		p.Workflow, p.Label = cmp.Or(p.Workflow, defaultPreviews), cmp.Or(p.Label, defaultLabel)
		s.Previews = &p
	}
	return s
}

var (
	repositoryName = pattern.Of(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$`)
	secretName     = pattern.Of(`^(arn:[a-z0-9-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:)?[A-Za-z0-9/_+=.@-]{1,600}$`)
	workflowFile   = pattern.Of(`^[A-Za-z0-9._-]+\.ya?ml$`)
)

func checkGitHub(k *checker) {
	g := k.config.GitHub
	k.webURL("github.url", g.URL, "GitHub's address, such as https://github.example.gov")
	k.webURL("github.api_url", g.APIURL, "the API's address, such as https://github.example.gov/api/v3")
	k.webURL("github.issuer", g.Issuer, "the issuer of OIDC tokens, such as https://github.example.gov/_services/token")
	if k.Has("github.app_id") && g.AppID < 1 {
		k.wrong("github.app_id", "%d is no id of a GitHub App; expected the number on the App's page", g.AppID)
	}
	if k.Has("github.key_file") && k.Has("github.kms_key") {
		k.wrong("github.kms_key", "the App has one key; expected one of github.key_file and github.kms_key")
	}
	if k.Has("github.key_secret") {
		checkKeySecret(k, g.KeySecret)
	}
	if k.Has("github.token_file") && k.Has("github.app_id") {
		k.wrong("github.token_file", "either an App or a token is used; expected one of github.app_id and github.token_file")
	}
	if g.Kind == "gitea" && (!k.Has("github.token_file") || !k.Has("github.api_url")) {
		k.wrong("github.kind", "Gitea has no Apps; expected github.token_file and github.api_url beside it")
	}
}

func checkKeySecret(k *checker, name string) {
	if k.Has("github.key_file") || k.Has("github.kms_key") {
		k.wrong("github.key_secret", "the App has one key; expected one of github.key_secret, github.key_file and github.kms_key")
	}
	if !IsSecretName(name) {
		k.wrong("github.key_secret", "%q is no secret of AWS Secrets Manager; expected its name or ARN, such as pressrun/github-app", name)
	}
}

// IsSecretName says whether text can be the name or ARN of a secret of AWS
// Secrets Manager (CreateSecret: letters, digits and /_+=.@-, up to 512).
func IsSecretName(text string) bool {
	return secretName().MatchString(text) && (len(text) <= 512 || strings.HasPrefix(text, "arn:"))
}

// checkProtectionRule refuses settings by which a waiting run could belong to several sites.
func checkProtectionRule(k *checker, at, key string, s Site) {
	if k.config.GitHub.Kind == "gitea" {
		k.wrong(at, "Gitea has no protection rules; expected it to be left out")
	}
	if k.rules == nil {
		k.rules = map[string][]string{}
		for _, name := range slices.Sorted(maps.Keys(k.config.Sites)) {
			if o := k.config.Sites[name].GitHub; o.ProtectionRule {
				k.rules[waitsAt(o)] = append(k.rules[waitsAt(o)], name)
			}
		}
	}
	for _, name := range k.rules[waitsAt(s.GitHub)] {
		if "sites."+name != key {
			k.wrong(at, "site %s has the same repository and environment; expected an environment for each (github.environment)", name)
		}
	}
}

// waitsAt identifies the repository and environment in which a site's runs wait for its
// protection rule.
func waitsAt(s SiteGitHub) string { return strings.ToLower(s.Repository) + " " + s.Environment }

// localSections are the keys of a site that only runner: local uses.
var localSections = []string{"source", "install", "build", "wait_ready", "check", "deploy", "limit", "metrics"}

func checkSiteGitHub(k *checker, key string, s Site) {
	at := key + ".github"
	if s.Runner != RunnerGitHub {
		if k.Has(at) {
			k.wrong(at, "is for runner: github only; expected no such section, or runner: github")
		}
		return
	}
	for _, only := range localSections {
		if k.Has(key + "." + only) {
			k.wrong(key+"."+only, "is for runner: local only: in a run of GitHub the workflow says it; expected no such key")
		}
	}
	if !k.Has(at + ".repository") {
		k.wrong(at, "runner github needs to know the repository; expected github.repository, such as acme/www")
	} else if !repositoryName().MatchString(s.GitHub.Repository) {
		k.wrong(at+".repository", "%q is no repository; expected owner/name, such as acme/www", s.GitHub.Repository)
	}
	if s.GitHub.ProtectionRule {
		checkProtectionRule(k, at+".protection_rule", key, s)
	}
	if s.GitHub.Previews != nil {
		checkPreviews(k, at+".previews", s.GitHub)
	}
	if k.Has(at+".workflow") && !workflowFile().MatchString(s.GitHub.Workflow) {
		k.wrong(at+".workflow", "%q is no workflow; expected the name of a file in .github/workflows, such as content-release.yml", s.GitHub.Workflow)
	}
	if r := s.GitHub.Ref; k.Has(at+".ref") && (r == "" || strings.HasPrefix(r, "-") || strings.HasPrefix(r, "refs/") || strings.ContainsAny(r, " ~^:?*[\\")) {
		k.wrong(at+".ref", "%q is no branch or tag; expected its name, such as main", r)
	}
}

// maxLabelName is the longest name of a label that GitHub accepts, in characters.
const maxLabelName = 50

func checkPreviews(k *checker, at string, s SiteGitHub) {
	s = s.withDefaults()
	p := s.Previews
	if k.config.GitHub.Kind == "gitea" {
		k.wrong(at, "previews of pull requests need GitHub; expected it to be left out")
	}
	if !workflowFile().MatchString(p.Workflow) {
		k.wrong(at+".workflow", "%q is no workflow; expected the name of a file in .github/workflows, such as %s", p.Workflow, defaultPreviews)
	}
	for _, name := range slices.Sorted(maps.Keys(k.config.Sites)) {
		if o := k.config.Sites[name].GitHub.withDefaults(); strings.EqualFold(o.Repository, s.Repository) && o.Workflow == p.Workflow {
			k.wrong(at+".workflow", "%q is the workflow that releases site %s: a run that makes previews must not be able to; expected another file", p.Workflow, name)
		}
	}
	if strings.Count(p.Address, "*") != 1 {
		k.wrong(at+".address", "%q has not one * for the preview's name; expected an address such as https://*.preview.example.gov", p.Address)
	} else {
		k.webURL(at+".address", strings.Replace(p.Address, "*", "name", 1), "where previews are looked at, such as https://*.preview.example.gov")
	}
	for i, content := range p.Content {
		if !slices.Contains([]string{"last", "live", "drafts"}, content) || slices.Index(p.Content, content) < i {
			k.wrong(at+".content", "%q is no content of a preview, or is there twice; expected some of last, live and drafts", content)
		}
	}
	if n := utf8.RuneCountInString(p.Label); n > maxLabelName || strings.TrimSpace(p.Label) != p.Label {
		k.wrong(at+".label", "%q is no label of GitHub's; expected up to %d characters", p.Label, maxLabelName)
	}
}
