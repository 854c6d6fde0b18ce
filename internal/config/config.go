// Package config reads what an operator sets: one YAML file, checked strictly
// before anything starts, with the place of every mistake.
package config

import "time"

// Config is the whole configuration of an app.
type Config struct {
	// Listen is the address to serve on, e.g. 127.0.0.1:8080. Listening
	// beyond loopback needs pages.access: token.
	Listen string `yaml:"listen" json:"listen,omitempty" jsonschema:"default=127.0.0.1:8080"`
	// URL is the public address of the app, as runs and people reach it.
	URL string `yaml:"url" json:"url,omitempty"`
	// State is the folder of everything the app keeps. Relative paths count
	// from the configuration file, here as everywhere in it.
	State string `yaml:"state" json:"state,omitempty" jsonschema:"default=state"`
	Pages Pages  `yaml:"pages" json:"pages,omitzero"`
	// Tokens are the bearer tokens, stored as their hashes; `pressrun token`
	// makes one.
	Tokens []Token         `yaml:"tokens" json:"tokens,omitempty"`
	Sites  map[string]Site `yaml:"sites" json:"sites"`
}

// Pages says who may see the editors' pages.
type Pages struct {
	// Access is "token" (sign in with an editor's or operator's token) or
	// "loopback" (anybody on this machine; only when listening on loopback).
	Access string `yaml:"access" json:"access,omitempty" jsonschema:"enum=token,enum=loopback,default=token"`
}

// Token is a bearer token: its role, the sites it is good for, its hash.
type Token struct {
	Name string `yaml:"name" json:"name"`
	// Role is cms (ask, and see what became of it), run (carry releases out),
	// editor (see and ask), or operator (everything).
	Role string `yaml:"role" json:"role" jsonschema:"enum=cms,enum=run,enum=editor,enum=operator"`
	// Sites limits it to these; empty means all.
	Sites  []string `yaml:"sites" json:"sites,omitempty"`
	SHA256 string   `yaml:"sha256" json:"sha256" jsonschema:"pattern=^[0-9a-f]{64}$"`
}

// Site is one published destination.
type Site struct {
	Title string `yaml:"title" json:"title,omitempty"`
	// URL is the site's public address; "live" is said once the release's
	// marker has been read through it.
	URL string `yaml:"url" json:"url,omitempty"`
	// TimeZone is the IANA name of the editors' zone.
	TimeZone string `yaml:"time_zone" json:"time_zone,omitempty" jsonschema:"default=UTC"`
	// Runner is what carries releases out: "local".
	Runner string `yaml:"runner" json:"runner" jsonschema:"enum=local"`

	Quiet     *Duration  `yaml:"quiet" json:"quiet,omitempty"`
	MaxWait   *Duration  `yaml:"max_wait" json:"max_wait,omitempty"`
	Retry     []Duration `yaml:"retry" json:"retry,omitempty"`
	Deadlines Deadlines  `yaml:"deadlines" json:"deadlines,omitzero"`
	Freezes   []Freeze   `yaml:"freezes" json:"freezes,omitempty"`

	Source    Source    `yaml:"source" json:"source,omitzero"`
	WaitReady WaitReady `yaml:"wait_ready" json:"wait_ready,omitzero"`
	Install   Command   `yaml:"install" json:"install,omitzero"`
	Build     Build     `yaml:"build" json:"build,omitzero"`
	Check     Check     `yaml:"check" json:"check,omitzero"`
	Deploy    Deploy    `yaml:"deploy" json:"deploy,omitzero"`
	// Limit bounds a whole run of runner: local.
	Limit *Duration `yaml:"limit" json:"limit,omitempty"`
}

// Deadlines bound the phases of a release: see release.Deadlines.
type Deadlines struct {
	Dispatch    *Duration `yaml:"dispatch" json:"dispatch,omitempty"`
	Dispatched  *Duration `yaml:"dispatched" json:"dispatched,omitempty"`
	Starting    *Duration `yaml:"starting" json:"starting,omitempty"`
	InProgress  *Duration `yaml:"in_progress" json:"in_progress,omitempty"`
	Complete    *Duration `yaml:"complete" json:"complete,omitempty"`
	Silence     *Duration `yaml:"silence" json:"silence,omitempty"`
	NoKnowledge *Duration `yaml:"no_knowledge" json:"no_knowledge,omitempty"`
}

// Freeze is a window in which nothing is dispatched.
type Freeze struct {
	From time.Time `yaml:"from" json:"from"`
	To   time.Time `yaml:"to" json:"to"`
	Why  string    `yaml:"why" json:"why"`
}

// Source is where the site's frontend comes from: a folder, or a repository
// at a branch, tag or commit.
type Source struct {
	Folder string `yaml:"folder" json:"folder,omitempty"`
	Git    string `yaml:"git" json:"git,omitempty"`
	Ref    string `yaml:"ref" json:"ref,omitempty"`
}

// WaitReady is what must answer, and how, before a release starts.
type WaitReady struct {
	URL      string    `yaml:"url" json:"url,omitempty"`
	Status   int       `yaml:"status" json:"status,omitempty" jsonschema:"default=200"`
	Contains string    `yaml:"contains" json:"contains,omitempty"`
	Interval *Duration `yaml:"interval" json:"interval,omitempty"`
	Limit    *Duration `yaml:"limit" json:"limit,omitempty"`
}

// Command is a command for the shell, in the source's folder.
type Command struct {
	Command string    `yaml:"command" json:"command,omitempty"`
	Timeout *Duration `yaml:"timeout" json:"timeout,omitempty"`
}

// Build makes the static site.
type Build struct {
	Command string    `yaml:"command" json:"command,omitempty"`
	Timeout *Duration `yaml:"timeout" json:"timeout,omitempty"`
	// Output is the folder that the build makes, from the source's folder.
	Output string `yaml:"output" json:"output,omitempty"`
	// Env is what only the static site's build sees, e.g. an analytics id.
	Env map[string]string `yaml:"env" json:"env,omitempty"`
	// Environment names where it deploys to, for the build (DEPLOY_ENV).
	Environment string `yaml:"environment" json:"environment,omitempty"`
}

// Check bounds what may be published without somebody looking.
type Check struct {
	Index string `yaml:"index" json:"index,omitempty" jsonschema:"default=index.html"`
	// MaxVanished is the share of the last release's pages, from 0 to 1, that
	// may be missing from a new one.
	MaxVanished *float64 `yaml:"max_vanished" json:"max_vanished,omitempty" jsonschema:"minimum=0,maximum=1"`
	// Allow names checks that may pass all the same.
	Allow []string `yaml:"allow" json:"allow,omitempty"`
}

// Deploy is where the site goes.
type Deploy struct {
	// To is file:///absolute/folder, a folder relative to the configuration
	// file, or s3://bucket/prefix.
	To       string `yaml:"to" json:"to,omitempty"`
	Endpoint string `yaml:"endpoint" json:"endpoint,omitempty"`
	Region   string `yaml:"region" json:"region,omitempty"`
}

// Duration is a time span written as in Go: 90s, 15m, 1h30m.
type Duration time.Duration
