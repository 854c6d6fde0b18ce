package config

import (
	"cmp"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// The values of pages.access and of runner.
const (
	AccessToken    = "token"
	AccessLoopback = "loopback"
	RunnerLocal    = "local"
)

// The defaults of a configuration; those of the rules are in release.DefaultPolicy.
const (
	defaultListen         = "127.0.0.1:8080"
	defaultState          = "state"
	defaultLanguage       = "en"
	defaultTimeZone       = "UTC"
	defaultIndex          = "index.html"
	defaultReadyInterval  = 15 * time.Second
	defaultReadyLimit     = 70 * time.Minute
	defaultInstallTimeout = 20 * time.Minute
	defaultBuildTimeout   = 75 * time.Minute
	defaultLimit          = 3 * time.Hour
	defaultVerifyPages    = 10
)

// applyDefaults sets the keys that the file leaves out.
func (c *Config) applyDefaults() {
	c.Listen = cmp.Or(c.Listen, defaultListen)
	c.State = c.stateOrDefault()
	if c.LedgerFile == "" {
		c.Ledger = cmp.Or(c.Ledger, LedgerSQLite)
	}
	c.Pages.Language = cmp.Or(c.Pages.Language, defaultLanguage)
	c.Pages.Access = cmp.Or(c.Pages.Access, AccessToken)
	c.URL = cmp.Or(c.URL, "http://"+c.LocalAddress())
	for name, site := range c.Sites {
		site.Title = cmp.Or(site.Title, name)
		c.Sites[name] = site.withDefaults()
	}
}

func (c *Config) stateOrDefault() string { return cmp.Or(c.State, defaultState) }

// LocalAddress is the host and port at which this machine reaches the app: loopback for
// one that listens on all addresses.
func (c *Config) LocalAddress() string {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return c.Listen
	}
	switch host {
	case "", "0.0.0.0":
		host = "127.0.0.1"
	case "::":
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}

// withDefaults is the site with all defaults set.
func (s Site) withDefaults() Site {
	rules := release.DefaultPolicy()
	s.TimeZone = cmp.Or(s.TimeZone, defaultTimeZone)
	s.Lane = cmp.Or(s.Lane, LaneProduction)
	s.Quiet = cmp.Or(s.Quiet, span(rules.Quiet))
	s.MaxWait = cmp.Or(s.MaxWait, span(rules.MaxWait))
	if s.Retry == nil {
		for _, delay := range rules.RetryDelays {
			s.Retry = append(s.Retry, Duration(delay))
		}
	}
	s.Deadlines = s.Deadlines.withDefaults(rules)
	s.Hooks = s.hooksWithDefaults()
	if s.WaitReady.URL != "" {
		s.WaitReady.Status = cmp.Or(s.WaitReady.Status, http.StatusOK)
		s.WaitReady.Interval = cmp.Or(s.WaitReady.Interval, span(defaultReadyInterval))
		s.WaitReady.Limit = cmp.Or(s.WaitReady.Limit, span(defaultReadyLimit))
	}
	s.Install.Timeout = cmp.Or(s.Install.Timeout, span(defaultInstallTimeout))
	s.Build.Timeout = cmp.Or(s.Build.Timeout, span(defaultBuildTimeout))
	s.Check.Index = cmp.Or(s.Check.Index, defaultIndex)
	s.Deploy.VerifyPages = cmp.Or(s.Deploy.VerifyPages, new(defaultVerifyPages))
	s.Limit = cmp.Or(s.Limit, span(defaultLimit))
	if s.Runner == RunnerGitHub {
		s.GitHub = s.GitHub.withDefaults()
	}
	return s
}

func (d Deadlines) withDefaults(rules release.Policy) Deadlines {
	return Deadlines{
		Dispatch:    cmp.Or(d.Dispatch, span(rules.Deadlines.Dispatch)),
		Dispatched:  cmp.Or(d.Dispatched, span(rules.Deadlines.Dispatched)),
		Starting:    cmp.Or(d.Starting, span(rules.Deadlines.Starting)),
		InProgress:  cmp.Or(d.InProgress, span(rules.Deadlines.InProgress)),
		Complete:    cmp.Or(d.Complete, span(rules.Deadlines.Complete)),
		Silence:     cmp.Or(d.Silence, span(rules.Silence)),
		NoKnowledge: cmp.Or(d.NoKnowledge, span(rules.NoKnowledge)),
	}
}

// resolvePaths makes every path absolute, counted from the file's folder.
func (c *Config) resolvePaths(folder string) {
	c.State = absolute(folder, c.State)
	c.Keep = c.Keep.withDefaults(folder, c.State)
	c.LedgerFile = absoluteIf(folder, c.LedgerFile)
	c.GitHub = c.GitHub.withDefaults(folder)
	c.SignIn = c.SignIn.withDefaults(folder)
	for name, list := range c.Holidays {
		if list.File != "" {
			list.File = absolute(folder, list.File)
			c.Holidays[name] = list
		}
	}
	for name, site := range c.Sites {
		if site.Source.Folder != "" {
			site.Source.Folder = absolute(folder, site.Source.Folder)
		}
		if strings.HasPrefix(site.Source.Git, "./") || strings.HasPrefix(site.Source.Git, "../") {
			site.Source.Git = absolute(folder, site.Source.Git)
		}
		if site.Deploy.To != "" {
			site.Deploy.To = c.destination(folder, site.Deploy.To)
		}
		if site.Deploy.Rules != "" {
			site.Deploy.Rules = absolute(folder, site.Deploy.Rules)
		}
		if site.Deploy.CDN.SecretFile != "" {
			site.Deploy.CDN.SecretFile = absolute(folder, site.Deploy.CDN.SecretFile)
		}
		if site.Build.Export != "" {
			site.Build.ExportTo = absolute(folder, cmp.Or(site.Build.ExportTo, filepath.Join(c.State, "content", name)))
			site.Build.ExportTokenFile = absoluteIf(folder, site.Build.ExportTokenFile)
		}
		site.Before.SecretFile = absoluteIf(folder, site.Before.SecretFile)
		for i, schedule := range site.Schedules {
			site.Schedules[i].Before.SecretFile = absoluteIf(folder, schedule.Before.SecretFile)
		}
		for i, hook := range site.Hooks {
			site.Hooks[i].SecretFile = absoluteIf(folder, hook.SecretFile)
		}
		for i, target := range site.Notify {
			for _, file := range []*string{&target.URLFile, &target.SecretFile, &target.Slack.TokenFile, &target.SMTP.CAFile, &target.SMTP.PasswordFile} {
				*file = absoluteIf(folder, *file)
			}
			site.Notify[i] = target
		}
		c.Sites[name] = site
	}
}

// destination is deploy.to as an address: file:///absolute/folder or s3://.
func (c *Config) destination(folder, to string) string {
	if strings.Contains(to, "://") {
		return to
	}
	return (&url.URL{Scheme: "file", Path: absolute(folder, to)}).String()
}

// absoluteIf is absolute for a path that may be left out.
func absoluteIf(folder, path string) string {
	if path == "" {
		return ""
	}
	return absolute(folder, path)
}

func absolute(folder, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(folder, path)
}
