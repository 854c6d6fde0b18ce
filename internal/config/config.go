package config

import (
	"time"

	"github.com/pressrun/pressrun/internal/config/strict"
)

// Config is the whole configuration of an app.
type Config struct {
	// Listen is the address to serve on, e.g. 127.0.0.1:8080. Listening
	// beyond loopback needs pages.access: token.
	Listen string `yaml:"listen" json:"listen,omitempty" jsonschema:"default=127.0.0.1:8080"`
	// URL is the public address of the app, at which runs and people reach it.
	URL string `yaml:"url" json:"url,omitempty"`
	// State is the folder of all data that the app keeps. Relative paths are relative to
	// the configuration file, here and everywhere in it.
	State string `yaml:"state" json:"state,omitempty" jsonschema:"default=state"`
	// Ledger is where requests and releases are kept: "sqlite", a file in the state
	// folder of the one app, or the address of a PostgreSQL database that several
	// apps may share, postgres://user@host/name without its password.
	Ledger string `yaml:"ledger" json:"ledger,omitempty" jsonschema:"default=sqlite"`
	// LedgerFile is a file that holds the database's whole address, with the
	// password, in place of Ledger.
	LedgerFile string `yaml:"ledger_file" json:"ledger_file,omitempty"`
	// Pages says who may see the editors' pages.
	Pages Pages `yaml:"pages" json:"pages,omitzero"`
	// SignIn says how people sign in to the pages, beside or instead of tokens.
	SignIn SignIn `yaml:"sign_in" json:"sign_in,omitzero"`
	// Tokens are the bearer tokens, stored as their hashes; `pressrun token`
	// makes one.
	Tokens []Token `yaml:"tokens" json:"tokens,omitempty"`
	// Keep says how much of the past is kept.
	Keep Keep `yaml:"keep" json:"keep,omitzero"`
	// Slots bound how many releases run at a time.
	Slots Slots `yaml:"slots" json:"slots,omitzero"`
	// GitHub says how the app reaches GitHub, for sites of runner: github.
	GitHub GitHub `yaml:"github" json:"github,omitzero"`
	// Sites are the published destinations, by name: small letters, digits
	// and hyphens. In a folder they have files of their own, too.
	Sites map[string]Site `yaml:"sites" json:"sites,omitempty" expected:"a section with the name of each site"`
	// Groups are the settings that the sites of a group share, by the group's name. A
	// site of the group may override each key. {site} stands for the site's name.
	Groups map[string]Site `yaml:"groups" json:"groups,omitempty" expected:"a section with the name of each group"`
	// Holidays are lists of days on which schedules rest, by name. us-federal is
	// built in.
	Holidays map[string]Holidays `yaml:"holidays" json:"holidays,omitempty"`
}

// Pages says who may see the editors' pages.
type Pages struct {
	// Access is "token" (sign in with an editor's or operator's token, or by sign_in) or
	// "loopback" (anybody on this machine; only when listening on loopback).
	Access string `yaml:"access" json:"access,omitempty" jsonschema:"enum=token,enum=loopback,default=token"`
	// Language is the language of badges and notices, and of the pages for browsers that
	// ask for no available language: en or es.
	Language string `yaml:"language" json:"language,omitempty" jsonschema:"default=en"`
}

// Token is a bearer token: its role, the sites that it is valid for, its hash.
type Token struct {
	// Name says in all records who acted: a system, or a person.
	Name string `yaml:"name" json:"name"`
	// Role is cms (ask for releases, and see the result), run (carry releases out),
	// editor (see and ask), operator (everything), or monitor (read /metrics).
	Role string `yaml:"role" json:"role" jsonschema:"enum=cms,enum=run,enum=editor,enum=operator,enum=monitor"`
	// Sites limits it to these; empty means all.
	Sites []string `yaml:"sites" json:"sites,omitempty"`
	// SHA256 is the token's hash, in hex. The token itself is stored nowhere.
	SHA256 string `yaml:"sha256" json:"sha256" jsonschema:"pattern=^[0-9a-f]{64}$"`
}

// Site is one published destination.
type Site struct {
	// Title is the site's name for people; its key when left out.
	Title string `yaml:"title" json:"title,omitempty"`
	// Group is the group of sites that it belongs to, such as an agency or a department;
	// none when left out. The site inherits the group's settings under groups.
	Group string `yaml:"group" json:"group,omitempty"`
	// URL is the site's public address; "live" is said once the release's
	// marker has been read through it.
	URL string `yaml:"url" json:"url,omitempty"`
	// TimeZone is the IANA name of the editors' zone.
	TimeZone string `yaml:"time_zone" json:"time_zone,omitempty" jsonschema:"default=UTC"`
	// Runner is what carries releases out: "local" (a process on this machine)
	// or "github" (a workflow run).
	Runner string `yaml:"runner" json:"runner,omitempty" jsonschema:"enum=local,enum=github"`
	// GitHub says where the workflow is, for runner: github. What the run
	// does is then set in the workflow, not here.
	GitHub SiteGitHub `yaml:"github" json:"github,omitzero"`

	// Lane says which sites go first when slots are short: production sites go before
	// previews, such as staging.
	Lane string `yaml:"lane" json:"lane,omitempty" jsonschema:"enum=production,enum=preview,default=production"`
	// Quiet is how long no request must come before a release is dispatched, so that a
	// burst of requests makes one release.
	Quiet *Duration `yaml:"quiet" json:"quiet,omitempty" jsonschema:"default=10s"`
	// MaxWait bounds how long grouping may hold the first request back.
	MaxWait *Duration `yaml:"max_wait" json:"max_wait,omitempty" jsonschema:"default=60s"`
	// Retry lists the waits before each retry of a failed release; 1m, 5m
	// and 15m when left out. After them the site is held until somebody asks.
	Retry []Duration `yaml:"retry" json:"retry,omitempty"`
	// Deadlines bound the phases of a release.
	Deadlines Deadlines `yaml:"deadlines" json:"deadlines,omitzero"`
	// Freezes are windows in which nothing is dispatched.
	Freezes []Freeze `yaml:"freezes" json:"freezes,omitempty"`
	// Schedules are the rules by which the site asks for releases by itself.
	Schedules []Schedule `yaml:"schedules" json:"schedules,omitempty"`
	// Before makes the CMS publish due content before slots of schedules without a call
	// of their own.
	Before Before `yaml:"before" json:"before,omitzero"`
	// Fingerprint is an address whose answer shows whether content has changed: if it has
	// not, a release for which only schedules asked is not built.
	Fingerprint Fingerprint `yaml:"fingerprint" json:"fingerprint,omitzero"`

	// Hooks are what CMSs call when content changes.
	Hooks []Hook `yaml:"hooks" json:"hooks,omitempty"`
	// Triggers say which of those events ask for a release.
	Triggers Triggers `yaml:"triggers" json:"triggers,omitzero"`

	// Notify are the targets that are notified of what happens to the site.
	Notify []Target `yaml:"notify" json:"notify,omitempty"`

	// Public is what the app shows of the site without a token.
	Public Public `yaml:"public" json:"public,omitzero"`

	// Source is where the frontend comes from.
	Source Source `yaml:"source" json:"source,omitzero"`
	// WaitReady is what must answer before a release starts.
	WaitReady WaitReady `yaml:"wait_ready" json:"wait_ready,omitzero"`
	// Install prepares the source, e.g. npm ci.
	Install Command `yaml:"install" json:"install,omitzero"`
	// Build makes the static site.
	Build Build `yaml:"build" json:"build,omitzero"`
	// Check bounds the changes that may be published without an operator's consent.
	Check Check `yaml:"check" json:"check,omitzero"`
	// Deploy is where the site goes.
	Deploy Deploy `yaml:"deploy" json:"deploy,omitzero"`
	// Metrics are the systems to which each run of runner: local sends its figures, such
	// as pushgateway:http://127.0.0.1:9091; docs/action.md lists the kinds. In a workflow
	// they are the input metrics-to.
	Metrics []string `yaml:"metrics" json:"metrics,omitempty"`
	// Limit bounds a whole run of runner: local, 3h when left out.
	Limit *Duration `yaml:"limit" json:"limit,omitempty"`
}

// Deadlines bound the phases of a release. Passing one ends nothing by itself:
// the run is looked up, and people are told that it is late.
type Deadlines struct {
	// Dispatch bounds the wait for the runner to take a release; past it the
	// release has failed.
	Dispatch *Duration `yaml:"dispatch" json:"dispatch,omitempty" jsonschema:"default=10m"`
	// Dispatched bounds the wait for the run to start.
	Dispatched *Duration `yaml:"dispatched" json:"dispatched,omitempty" jsonschema:"default=30m"`
	// Starting bounds setting up and installing.
	Starting *Duration `yaml:"starting" json:"starting,omitempty" jsonschema:"default=20m"`
	// InProgress bounds building and deploying.
	InProgress *Duration `yaml:"in_progress" json:"in_progress,omitempty" jsonschema:"default=90m"`
	// Complete bounds what the run still does once the site is live.
	Complete *Duration `yaml:"complete" json:"complete,omitempty" jsonschema:"default=10m"`
	// Silence is how long a run may say nothing before it is looked up.
	Silence *Duration `yaml:"silence" json:"silence,omitempty" jsonschema:"default=45s"`
	// NoKnowledge ends a release of whose run nothing at all is known.
	NoKnowledge *Duration `yaml:"no_knowledge" json:"no_knowledge,omitempty" jsonschema:"default=40m"`
}

// Freeze is a window in which nothing is dispatched. Requests are accepted, and released after it.
type Freeze struct {
	// From is its first instant, with a zone: 2026-12-24T18:00:00+01:00.
	From time.Time `yaml:"from" json:"from"`
	// To is its end: the first instant after the freeze.
	To time.Time `yaml:"to" json:"to"`
	// Why is shown to everybody who waits.
	Why string `yaml:"why" json:"why"`
}

// Source is where the site's frontend comes from: a folder, or a repository
// at a branch, tag or commit.
type Source struct {
	// Folder is built in place.
	Folder string `yaml:"folder" json:"folder,omitempty"`
	// Git is the repository's address: https://, ssh://, git@host:path or a folder. It
	// has no credentials: Git gets them by its own means.
	Git string `yaml:"git" json:"git,omitempty"`
	// Ref is the branch, tag or commit; the repository's default branch when
	// left out.
	Ref string `yaml:"ref" json:"ref,omitempty"`
}

// WaitReady is what must answer, and how, before a release starts.
type WaitReady struct {
	// URL is the address to call, e.g. a health check of the CMS.
	URL string `yaml:"url" json:"url,omitempty"`
	// Status is the HTTP status that it must answer with.
	Status int `yaml:"status" json:"status,omitempty" jsonschema:"minimum=100,maximum=599,default=200"`
	// Contains is text that its answer must contain.
	Contains string `yaml:"contains" json:"contains,omitempty"`
	// Interval is the time between two tries.
	Interval *Duration `yaml:"interval" json:"interval,omitempty" jsonschema:"default=15s"`
	// Limit is when to give up.
	Limit *Duration `yaml:"limit" json:"limit,omitempty" jsonschema:"default=70m"`
}

// Command is a command for the shell, in the source's folder.
type Command struct {
	// Command is the shell command.
	Command string `yaml:"command" json:"command,omitempty"`
	// Timeout ends it with all processes that it started; 20m when left out.
	Timeout *Duration `yaml:"timeout" json:"timeout,omitempty"`
}

// Build makes the static site.
type Build struct {
	// Command is the shell command, run in the source's folder. Without one the source
	// already holds the site.
	Command string `yaml:"command" json:"command,omitempty"`
	// Timeout ends it and all that it started.
	Timeout *Duration `yaml:"timeout" json:"timeout,omitempty" jsonschema:"default=75m"`
	// Unchanged says what to do with a release whose content and code equal those of the
	// live one: skip it, or build it all the same.
	Unchanged string `yaml:"unchanged" json:"unchanged,omitempty" jsonschema:"enum=skip,enum=build,default=skip"`
	// Bake is the root of a live CMS whose pages become the site, instead of running a
	// command. BakeState is the folder of the bake's state, beside the output when left
	// out. BakeCanary are texts that must be in the home page or, with /PATH= before it,
	// in another page.
	Bake       string   `yaml:"bake" json:"bake,omitempty"`
	BakeState  string   `yaml:"bake_state" json:"bake_state,omitempty"`
	BakeCanary []string `yaml:"bake_canary" json:"bake_canary,omitempty"`
	// BakeUnreachable says what to do with pages for which the CMS gives no answer: keep
	// their old content, or refuse the release.
	BakeUnreachable string `yaml:"bake_unreachable" json:"bake_unreachable,omitempty" jsonschema:"enum=keep,enum=refuse,default=keep"`
	// Export is a CMS whose content is copied before the command runs, by its address, or
	// a file of settings in the source's folder. ExportKind is the kind of CMS, ExportTo
	// the folder of the copy, content/SITE in the app's state when left out, and
	// ExportTypes are the types to copy, all when left out.
	Export      string   `yaml:"export" json:"export,omitempty"`
	ExportKind  string   `yaml:"export_kind" json:"export_kind,omitempty"`
	ExportTo    string   `yaml:"export_to" json:"export_to,omitempty"`
	ExportTypes []string `yaml:"export_types" json:"export_types,omitempty"`
	// ExportTokenFile holds the credential for the CMS.
	ExportTokenFile string `yaml:"export_token_file" json:"export_token_file,omitempty"`
	// ExportTimeout ends the export.
	ExportTimeout *Duration `yaml:"export_timeout" json:"export_timeout,omitempty" jsonschema:"default=60m"`
	// Output is the folder that the build makes, from the source's folder.
	Output string `yaml:"output" json:"output,omitempty"`
	// Env are variables for the static site's build only, e.g. an analytics id. ${NAME}
	// is not expanded; no secret belongs here.
	Env map[string]string `yaml:"env" json:"env,omitempty"`
	// Environment names the environment that it deploys to, for the build (DEPLOY_ENV).
	Environment string `yaml:"environment" json:"environment,omitempty"`
}

// Check bounds the changes that may be published without an operator's consent.
type Check struct {
	// Index is the page that must exist.
	Index string `yaml:"index" json:"index,omitempty" jsonschema:"default=index.html"`
	// MaxVanished is the share of the last release's pages, from 0 to 1, that
	// may be missing from a new one.
	MaxVanished *float64 `yaml:"max_vanished" json:"max_vanished,omitempty" jsonschema:"minimum=0,maximum=1"`
	// Allow names checks that may be violated.
	Allow []string `yaml:"allow" json:"allow,omitempty"`
}

// Deploy is where the site goes.
type Deploy struct {
	// To is file:///absolute/folder, a folder relative to the configuration
	// file, or s3://bucket/prefix.
	To string `yaml:"to" json:"to,omitempty"`
	// Endpoint is the address of an S3 server that is not Amazon's.
	Endpoint string `yaml:"endpoint" json:"endpoint,omitempty"`
	// Region is the bucket's region; the environment's when left out.
	Region string `yaml:"region" json:"region,omitempty"`
	// State is another s3:// address for the deploy's state, so that a public
	// bucket holds the site alone.
	State string `yaml:"state" json:"state,omitempty"`
	// Rules is a JSON file with rules of headers and compression.
	Rules string `yaml:"rules" json:"rules,omitempty"`
	// RedirectStore is the ARN of a CloudFront KeyValueStore that also keeps the
	// redirects; none to stop using it.
	RedirectStore string `yaml:"redirect_store" json:"redirect_store,omitempty"`
	// CDN is the CDN of the site, from which the changes of each release are purged.
	CDN CDN `yaml:"cdn" json:"cdn,omitzero"`
	// VerifyPages is how many changed pages are checked through the site's url, besides
	// the release's marker. 0 for a CDN that rewrites pages.
	VerifyPages *int `yaml:"verify_pages" json:"verify_pages,omitempty" jsonschema:"minimum=0,maximum=100,default=10"`
}

// CDN names a CDN. Its secret is in a file or in the environment.
type CDN struct {
	// Address is cloudfront:DISTRIBUTION, fastly:SERVICE, cloudflare:ZONE,
	// varnish:http://SERVER:6081[,...] or webhook:URL.
	Address string `yaml:"address" json:"address"`
	// Tags says that it is set up to read cache tags (CloudFront,
	// Cloudflare).
	Tags bool `yaml:"tags" json:"tags,omitempty"`
	// CleanURLs says that the site shows about.html as /about too: both addresses are purged.
	CleanURLs bool `yaml:"clean_urls" json:"clean_urls,omitempty"`
	// NotFoundCached says that the CDN keeps a "not found" for long: the addresses of new
	// pages are purged too.
	NotFoundCached bool `yaml:"not_found_cached" json:"not_found_cached,omitempty"`
	// SecretFile holds its token or the webhook's secret. Without it the
	// environment's FASTLY_API_TOKEN, CLOUDFLARE_API_TOKEN or
	// PRESSRUN_CDN_WEBHOOK_SECRET is used.
	SecretFile string `yaml:"secret_file" json:"secret_file,omitempty"`
}

// Aliases of the types of [strict] that are part of the configuration.
type (
	// Duration is a time span written as in Go: 90s, 15m, 1h30m.
	Duration = strict.Duration
	// Error lists all mistakes in a configuration file.
	Error = strict.Error
	// Problem is one mistake and its place.
	Problem = strict.Problem
)
